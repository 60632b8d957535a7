"""What quoting, live locations and dispatch need from stores and from the rides' side of the service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Limits, Pair, Seeker
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, ShiftKey
from matching_service.domain.pooling import PlanStop
from matching_service.domain.positions import Positions
from matching_service.domain.quote import Quote
from matching_service.domain.ride_kind import Capability
from matching_service.domain.run import RunView, Sharing
from matching_service.domain.terms import Funding
from shared_kernel.geo import GeoPoint


class WaitingRide(NamedTuple):
    """A ride that looks for a driver. `returned`: an offer of it was declined or expired, so it goes first.

    A tuple, since a tick reads thousands.
    """

    ride_id: UUID
    pickup: GeoPoint
    dropoff: GeoPoint
    product: str
    requested_at: datetime
    excluded_driver_ids: frozenset[UUID]
    returned: bool
    funding: Funding = Funding.CARD
    city: str = ""
    """The key of the ride's city; empty for a ride of the time before cities had keys."""
    shard: str = ""
    """Of the pickup."""
    needs: frozenset[Capability] = frozenset()
    """What a courier must have declared; nothing for rides that carry persons."""
    sharing: Sharing | None = None
    """Of a pooled ride, with how many come along."""
    passengers: int = 1


@dataclass(frozen=True, slots=True)
class EnRouteRide:
    """A ride whose driver is on the way and may still change."""

    ride_id: UUID
    driver_id: UUID
    pickup: GeoPoint
    dropoff: GeoPoint
    product: str
    requested_at: datetime
    swap_count: int
    excluded_driver_ids: frozenset[UUID]
    funding: Funding = Funding.CARD
    city: str = ""
    shard: str = ""
    needs: frozenset[Capability] = frozenset()
    pickup_at: datetime | None = None
    """The time agreed on, of a ride that was asked for ahead."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that dispatch chose. `cost` is the solver's, in seconds; kept to explain the choice.

    `fence` is that of the lease of the ride's shard, under which it was chosen. Zero is the fence of a shard that no
    matcher ever owned: once one does, it opens no offer.
    """

    ride_id: UUID
    driver_id: UUID
    pickup_eta_seconds: int
    cost: float
    fence: int = 0
    instead_of: UUID | None = None
    """The driver who is on the way to the ride, of a swap: the ride keeps that one until this one accepts."""
    slot: int = 0
    """Of a broadcast, its number among the ride's offers, from 1 on."""
    run_id: UUID | None = None
    """The run that a pooled ride joins, and `plan`: the order of its stops with the ride in them."""
    plan: tuple[PlanStop, ...] = ()


@dataclass(frozen=True, slots=True)
class Reroute:
    """A ride that changes drivers within a ring of rides, and the drivers before and after."""

    ride_id: UUID
    former_driver_id: UUID
    driver_id: UUID
    pickup_eta_seconds: int
    fence: int = 0


class OfferOutcome(StrEnum):
    """What became of a proposal; the database judged."""

    OFFERED = "offered"
    RIDE_GONE = "ride_gone"
    """The ride no longer waits: canceled, unmatched or offered already; of a swap, its driver is another or there."""
    DRIVER_TAKEN = "driver_taken"
    """The driver has an open offer or a live ride, may not take the ride's cash, or the shift ended."""
    FENCED = "fenced"
    """Another matcher took the ride's shard over since the pair was chosen."""


@dataclass(frozen=True, slots=True)
class OpenShift:
    """What pings need to know of a shift."""

    shift_id: UUID
    vehicle_class: VehicleClass


class WaitingRides(Protocol):
    """The rides that look for a driver."""

    async def list_waiting(
        self, shards: Collection[str], limit: int, cities: Collection[str] = ()
    ) -> list[WaitingRide]:
        """Return at most `limit` of these shards, returned ones first, then the longest waiting.

        With `cities`, only theirs, and those of the time before cities had keys.
        """
        ...


class EnRouteRides(Protocol):
    """The rides whose driver may still change."""

    async def list_en_route(
        self, shards: Collection[str], max_swaps: int, limit: int, cities: Collection[str] = ()
    ) -> list[EnRouteRide]:
        """Return at most `limit` rides of shards (and cities) with less than `max_swaps` swaps and no open offer.

        Those that were promised the latest pickup come first: they have the most to gain.
        """
        ...


class Rerouter(Protocol):
    """Changes the drivers of rides among themselves."""

    async def reroute(self, ring: Sequence[Reroute]) -> bool:
        """Change all drivers of a ring at once; False, with nothing done, when one of the rides has moved on."""
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

    async def closed_shifts(self, ended_since: datetime) -> frozenset[ShiftKey]:
        """Return the shifts that take no new ride: those that ended since, and those that end after the ride."""
        ...

    async def capabilities(self) -> Mapping[UUID, frozenset[Capability]]:
        """Return what drivers with an open shift declared, of those who declared anything."""
        ...

    async def open_shifts_of(self, driver_ids: Sequence[UUID]) -> Mapping[UUID, OpenShift]:
        """Return the open shifts of those who have one, also such that end after the ride."""
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


class Claim(NamedTuple):
    """A driver where they stand, wanted for a ride of a shard under the fence of its lease."""

    position: DriverPosition
    shard: str
    fence: int


class SharedRuns(Protocol):
    """Runs that parties may share."""

    async def with_room(self, driver_ids: Collection[UUID], limit: int) -> Sequence[RunView]:
        """Return at most `limit` open runs with room for another party, of those of some drivers who are not asked
        just now."""
        ...


class Reservations(Protocol):
    """Short claims on drivers, so that replicas do not quarrel in the database, which stays the judge."""

    async def reserve(self, claims: Sequence[Claim], seconds: float) -> frozenset[UUID]:
        """Claim drivers; return those gained. A claim gives way to one for the same shard under a higher fence."""
        ...

    async def release(self, claims: Sequence[Claim]) -> None:
        """Give claims back."""
        ...


class Matcher(Protocol):
    """The numerical work of a tick, off the event loop."""

    async def candidates(self, seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
        """Return for each seeker the nearest drivers in reach whom it may have, by class, exclusion and cash."""
        ...

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        """Choose pairs so that their costs and those of the seekers left unserved are least in sum.

        `unserved` has a cost for each place that a pair's seeker may name, also of seekers without a pair.
        Returns the indices of the chosen costs, or None when the budget is over.
        """
        ...
