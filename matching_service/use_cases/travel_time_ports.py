"""What learning travel times needs from the stores and from those who estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from matching_service.domain.eta import Leg
from matching_service.domain.learned_times import TravelTimes


class MeasuredTrip(NamedTuple):
    """A trip as it was made."""

    leg: Leg
    started_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class TravelTimesVersion:
    """What was learned at some time for one provider on one map."""

    provider: str
    """Whose estimates it is for: crow_flies, street, osrm."""
    map_id: str
    """On which map; empty where there is none."""
    version: int
    """Counts what was learned for this provider and map."""
    learned_at: datetime
    trips: int
    """How many taught it."""
    error_before: float
    """Of what was in force before, on trips that taught neither: mean of |told - measured| / measured."""
    error_after: float
    in_force: bool
    """Whether it was better than what was in force before, and took its place."""
    times: TravelTimes


class ToldTimes(NamedTuple):
    """What people were told beside what came true; zeros where nothing was."""

    rides: int = 0
    mean_error: float = 0.0
    """Mean of |told - measured| / measured."""
    median_ratio: float = 0.0
    """Median of told / measured: below 1 too little was told."""


class MeasuredTrips(Protocol):
    """The trips that were made."""

    async def told_pickups(self, since: datetime) -> ToldTimes:
        """Compare the times to pickups, from the acceptance of who drove in the end, in rides asked for since."""
        ...

    async def told_trips(self, since: datetime) -> ToldTimes:
        """Compare the quoted times of trips that went straight from pickup to drop-off, in rides asked for since."""
        ...

    async def recent_trips(self, since: datetime, limit: int) -> list[MeasuredTrip]:
        """Return the newest completed trips that went straight from pickup to drop-off, newest first."""
        ...


class TravelTimesStore(Protocol):
    """Keeps what was learned."""

    async def newest(self, provider: str, map_id: str, *, in_force: bool) -> TravelTimesVersion | None:
        """Return the newest version, or the newest that is in force."""
        ...

    async def add(self, version: TravelTimesVersion) -> bool:
        """Store a version; False when another replica has stored one of this number."""
        ...

    async def versions(self, limit: int) -> list[TravelTimesVersion]:
        """Return the newest versions of all providers, newest first."""
        ...


class Estimator(Protocol):
    """A provider whose estimates travel times are learned for."""

    @property
    def provider(self) -> str:
        """Its name."""
        ...

    @property
    def map_id(self) -> str:
        """The map that it estimates by; empty where it has none."""
        ...

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg without traffic; None for what it cannot tell by itself."""
        ...
