"""What quoting, live locations and dispatch need from stores and from the rides' side of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.assignment import Limits, Pair, PairCost, Seeker
from matching_service.domain.city import VehicleClass
from matching_service.domain.eta import Leg, Trip
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.domain.quote import Place, Quote
from matching_service.domain.terms import Funding
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
    funding: Funding = Funding.CARD
    city: str = ""
    """The key of the ride's city; empty for a ride of the time before cities had keys."""


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
    """The driver has an open offer or a live ride, may not take the ride's cash, or the shift ended."""


@dataclass(frozen=True, slots=True)
class OpenShift:
    """What pings need to know of a shift."""

    shift_id: UUID
    vehicle_class: VehicleClass


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
        """Return the drivers with an open offer or a live ride, or on a break."""
        ...


class CashStandings(Protocol):
    """Who owes too much to take cash."""

    async def no_cash_driver_ids(self, currency_code: str) -> frozenset[UUID]:
        """Return the drivers who may not take cash in this currency."""
        ...


class OnShift(Protocol):
    """Who is online."""

    async def on_shift(self) -> Mapping[UUID, VehicleClass]:
        """Return the drivers with an open shift that takes new rides, and what they drive."""
        ...

    async def open_shift_of(self, driver_id: UUID) -> OpenShift | None:
        """Return the driver's open shift, also one that ends after the ride; None without one."""
        ...


class Headings(Protocol):
    """Who is on the way home."""

    async def headings(self) -> Mapping[UUID, GeoPoint]:
        """Return where drivers want to get to, of those who take only rides on their way."""
        ...


class RideDrivers(Protocol):
    """Who drives a rider's ride."""

    async def driver_under_way(self, ride_id: UUID, rider_id: UUID) -> UUID | None:
        """Return the driver of this rider's ride, from the assignment to its end; None when there is none now.

        Raises NotFound `ride_not_found` when there is no such ride of this rider.
        """
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

    async def snapshot(self) -> list[DriverPosition]:
        """Return the last position of every driver, stale ones included: the caller judges age."""
        ...

    async def forget(self, driver_id: UUID) -> None:
        """Drop a driver, at the end of a shift."""
        ...

    async def trim(self, gone_before: datetime) -> int:
        """Drop those not heard of since; return how many."""
        ...


class Reservations(Protocol):
    """Short claims on drivers, so that replicas do not quarrel in the database, which stays the judge."""

    async def reserve(self, positions: Sequence[DriverPosition], fence: int, seconds: float) -> frozenset[UUID]:
        """Claim drivers where they stand; return those gained. A higher fence takes over a claim of a lower one."""
        ...

    async def release(self, positions: Sequence[DriverPosition], fence: int) -> None:
        """Give the claims of this fence back."""
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

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the way from one place to another."""
        ...

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg, in order; one or more."""
        ...

    def reach_meters(self, seconds: float) -> float:
        """Return how far, as the crow flies, one can get in so long at the very most: beyond it nobody need look."""
        ...


class FreeDrivers(Protocol):
    """Who could take a ride now, as of some seconds ago: good enough to promise a time, not to make an offer."""

    async def nearest(self, point: GeoPoint, classes: frozenset[VehicleClass], reach_meters: float) -> GeoPoint | None:
        """Return where the nearest free driver of these classes is; None when there is none in reach."""
        ...


class Matcher(Protocol):
    """The numerical work of a tick, off the event loop."""

    async def candidates(
        self, seekers: Sequence[Seeker], drivers: Sequence[DriverPosition], limits: Limits
    ) -> list[Pair]:
        """Return for each seeker the nearest drivers in reach whom it may have, by class, exclusion and cash."""
        ...

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        """Choose pairs so that their costs and those of the seekers left unserved are least in sum.

        Returns the indices of the chosen costs, or None when the budget is over.
        """
        ...
