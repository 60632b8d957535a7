"""Learn from the rides that were driven how long drivers wait for the next one, by place and time of day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.destination_values import (
    NO_VALUES,
    DestinationValues,
    Drop,
    Place,
    learn_values,
    quarter_of,
)
from matching_service.use_cases.city_ports import Cities
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint

LEARN_FROM = timedelta(days=28)
MAX_DROPS = 50_000
"""The newest ones of a city."""
LEARN_EVERY = timedelta(hours=6)


class DrivenOn(NamedTuple):
    """A completed ride, and how long its driver waited and drove until the next passenger got in."""

    dropoff: GeoPoint
    ended_at: datetime
    idle_seconds: float


class DrivenRides(Protocol):
    """The rides that were driven."""

    async def driven_on(self, city: str, since: datetime, limit: int) -> Sequence[DrivenOn]:
        """Return the newest completed rides of a city whose driver drove another one after."""
        ...


class ValuesStore(Protocol):
    """Keeps what was learned."""

    async def values(self) -> Mapping[str, DestinationValues]:
        """Return what is in force, by city."""
        ...

    async def learned_at(self, city: str) -> datetime | None:
        """Return when anything was learned last; None for never."""
        ...

    async def replace(self, city: str, values: DestinationValues, now: datetime) -> None:
        """Put into force what was learned for a city, instead of what was."""
        ...


class Cells(Protocol):
    """Cuts the map into cells."""

    def cell_of(self, point: GeoPoint) -> str: ...


class LearnDestinationValues:
    """The use case, and what this process knows to be in force (IdleTimes)."""

    def __init__(self, cities: Cities, rides: DrivenRides, store: ValuesStore, cells: Cells, clock: Clock) -> None:
        self._cities = cities
        self._rides = rides
        self._store = store
        self._cells = cells
        self._clock = clock
        self._values: Mapping[str, DestinationValues] = {}

    async def __call__(self) -> int:
        """Learn for each city for which a lesson is due; return for how many places something is known after it."""
        now = self._clock.now()
        atlas: Atlas = await self._cities.in_force()
        for city in atlas.policies:
            learned_at = await self._store.learned_at(city.city)
            if learned_at is not None and now - learned_at < LEARN_EVERY:
                continue
            driven = await self._rides.driven_on(city.city, now - LEARN_FROM, MAX_DROPS)
            values = await asyncio.to_thread(self._learn, city, driven)
            if values:
                await self._store.replace(city.city, values, now)
        await self.refresh()
        return sum(len(values.extra_idle_seconds) for values in self._values.values())

    async def refresh(self) -> None:
        """Have in force what any replica has learned."""
        self._values = await self._store.values()

    def extra_idle_seconds(self, city: CityPolicy, now: datetime) -> Callable[[GeoPoint], float] | None:
        """Tell the extra wait at a place now (IdleTimes)."""
        values = self._values.get(city.city, NO_VALUES)
        if not values:
            return None
        quarter = quarter_of(now.astimezone(ZoneInfo(city.time_zone)).hour)

        def extra(point: GeoPoint) -> float:
            return values.seconds(Place(self._cells.cell_of(point), quarter))

        return extra

    def _learn(self, city: CityPolicy, driven: Sequence[DrivenOn]) -> DestinationValues:
        zone = ZoneInfo(city.time_zone)
        return learn_values(
            Drop(
                Place(self._cells.cell_of(ride.dropoff), quarter_of(ride.ended_at.astimezone(zone).hour)),
                ride.idle_seconds,
            )
            for ride in driven
        )
