"""What quoting, live locations and dispatch need from stores and from the rides' side of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.domain.quote import Place, Quote
from shared_kernel.geo import GeoPoint


@dataclass(frozen=True, slots=True)
class WaitingRide:
    """A ride that looks for a driver. `returned`: an offer of it was declined or expired, so it goes first."""

    ride_id: UUID
    pickup: Place
    dropoff: Place
    product: str
    requested_at: datetime
    excluded_driver_ids: frozenset[UUID]
    returned: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that dispatch chose. `cost` is the solver's, in seconds; kept to explain the choice."""

    ride_id: UUID
    driver_id: UUID
    pickup_eta_seconds: int
    cost: float


class OfferOutcome(StrEnum):
    """What became of a proposal; the database judged."""

    OFFERED = "offered"
    RIDE_GONE = "ride_gone"
    """The ride no longer waits: canceled, unmatched or offered already."""
    DRIVER_TAKEN = "driver_taken"
    """The driver has an open offer or a live ride, or the shift ended."""


class WaitingRides(Protocol):
    """The rides that look for a driver."""

    async def list_waiting(self, limit: int) -> list[WaitingRide]:
        """Return at most `limit`, returned ones first, then the longest waiting."""
        ...


class OfferMaker(Protocol):
    """Opens offers."""

    async def make_offers(self, proposals: Sequence[Proposal]) -> list[OfferOutcome]:
        """Open one offer a proposal where the database allows it; one outcome a proposal, in its order."""
        ...


class BusyDrivers(Protocol):
    """Who cannot take an offer now."""

    async def busy(self) -> frozenset[UUID]:
        """Return the drivers with an open offer or a live ride."""
        ...


class OnShift(Protocol):
    """Who is online."""

    async def on_shift(self) -> Mapping[UUID, VehicleClass]:
        """Return the drivers with an open shift that takes new rides, and what they drive."""
        ...

    async def vehicle_class_of(self, driver_id: UUID) -> VehicleClass | None:
        """Return what this driver drives on the open shift (also one that ends after the ride); None without one."""
        ...


class RideDrivers(Protocol):
    """Who drives a rider's ride."""

    async def driver_under_way(self, ride_id: UUID, rider_id: UUID) -> UUID | None:
        """Return the driver of this rider's ride from assignment to its end; None otherwise, or if not the rider's."""
        ...


class QuoteStore(Protocol):
    """Keeps quotes."""

    async def add(self, quotes: Sequence[Quote]) -> None:
        """Store quotes, all or none."""
        ...

    async def get(self, quote_id: UUID, rider_id: UUID) -> Quote:
        """Return a quote of this rider, expired or not. Raises NotFound `quote_not_found`."""
        ...


class LiveLocations(Protocol):
    """Where drivers are now. A hint that may be lost at any time; the next pings fill it again."""

    async def record(self, positions: Sequence[DriverPosition]) -> list[RecordOutcome]:
        """Keep positions, each only if its sequence is above the driver's last; one outcome a position, in order."""
        ...

    async def last(self, driver_id: UUID) -> DriverPosition | None:
        """Return a driver's last position; None when not known or gone."""
        ...

    async def snapshot(self, cells: frozenset[str] | None = None) -> list[DriverPosition]:
        """Return the last positions in these cells (all when None), stale ones included: the caller judges age."""
        ...

    async def around(self, point: GeoPoint, radius_meters: float) -> list[DriverPosition]:
        """Return the last positions in the cells that a circle touches."""
        ...

    async def forget(self, driver_id: UUID) -> None:
        """Drop a driver, at the end of a shift."""
        ...

    async def trim(self, gone_before: datetime) -> int:
        """Drop those not heard of since; return how many."""
        ...


class Reservations(Protocol):
    """Short claims on drivers, so that replicas do not quarrel in the database, which stays the judge."""

    async def reserve(self, driver_ids: Sequence[UUID], fence: int, seconds: float) -> frozenset[UUID]:
        """Claim drivers for a holder; return those gained. A higher fence takes over a claim of a lower one."""
        ...

    async def release(self, driver_ids: Sequence[UUID], fence: int) -> None:
        """Give claims of this fence back."""
        ...


class TickLease(Protocol):
    """Lets one replica tick at a time."""

    async def acquire(self, holder: str, seconds: float) -> int | None:
        """Take or renew the lease; return its fencing token, which grows with each new holder, or None."""
        ...

    async def release(self, holder: str) -> None:
        """Give the lease back if this holder has it."""
        ...


class EtaProvider(Protocol):
    """Tells distances and times on the way."""

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> tuple[int, int]:
        """Return the meters and the seconds from one place to another."""
        ...

    async def pickup_seconds(self, pairs: Sequence[tuple[GeoPoint, GeoPoint]]) -> list[int]:
        """Return the seconds of each (driver, pickup) pair, in order."""
        ...
