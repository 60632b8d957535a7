"""In memory: what quoting, live locations and dispatch need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from matching_service.domain.city import CityPolicy, VehicleClass
from matching_service.domain.driver_record import DriverRecord
from matching_service.domain.locations import DriverPosition, RecordOutcome, ShiftKey, shift_tag_of
from matching_service.domain.positions import Positions
from matching_service.domain.quote import Quote
from matching_service.domain.ride_kind import Capability
from matching_service.domain.run import RunView
from matching_service.use_cases.dispatch_ports import (
    Claim,
    EnRouteRide,
    OfferOutcome,
    OpenShift,
    Proposal,
    Reroute,
    WaitingRide,
)
from matching_service.use_cases.shard_ports import GainedShard, ShardsSeen
from shared_kernel.errors import DomainError, NotFound
from shared_kernel.geo import GeoPoint

NOON = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


class HandClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class FakeLiveLocations:
    """The newest position of each driver, in a dictionary."""

    def __init__(self) -> None:
        self.positions: dict[UUID, DriverPosition] = {}
        self.looks = 0
        """How often a tick looked at where drivers are."""

    async def record(self, positions: Sequence[DriverPosition]) -> list[RecordOutcome]:
        return [self._record(position) for position in positions]

    async def last(self, driver_id: UUID) -> DriverPosition | None:
        return self.positions.get(driver_id)

    async def snapshot(self) -> Positions:
        return Positions(list(self.positions.values()))

    async def snapshot_near(self, shards: Collection[str], reach_meters: float) -> Positions:
        self.looks += 1
        return await self.snapshot()

    async def forget(self, driver_id: UUID) -> None:
        self.positions.pop(driver_id, None)

    async def trim(self, gone_before: datetime) -> int:
        gone = [each.driver_id for each in self.positions.values() if each.measured_at < gone_before.timestamp()]
        for driver_id in gone:
            del self.positions[driver_id]
        return len(gone)

    def _record(self, position: DriverPosition) -> RecordOutcome:
        old = self.positions.get(position.driver_id)
        if old is not None:
            same_shift = old.shift_tag == position.shift_tag
            newer = position.sequence > old.sequence if same_shift else position.measured_at >= old.measured_at
            if not newer:
                return RecordOutcome.OLDER
        self.positions[position.driver_id] = position
        return RecordOutcome.RECORDED


class FakeQuotes:
    """A QuoteStore in a dictionary."""

    def __init__(self) -> None:
        self.quotes: dict[UUID, Quote] = {}

    async def add(self, quotes: Sequence[Quote]) -> None:
        new = {quote.id: quote for quote in quotes}
        if self.quotes.keys() & new.keys():
            raise RuntimeError("duplicate key")
        self.quotes |= new

    async def get(self, quote_id: UUID, rider_id: UUID) -> Quote:
        quote = self.quotes.get(quote_id)
        if quote is None or quote.rider_id != rider_id:
            raise NotFound("quote_not_found", "no such quote")
        return quote


class FakeFreeDrivers:
    """One free driver of some classes, or none."""

    def __init__(self, driver: GeoPoint | None, classes: frozenset[VehicleClass] = frozenset(VehicleClass)) -> None:
        self.driver = driver
        self.classes = classes

    async def nearest(self, point: GeoPoint, classes: frozenset[VehicleClass], reach_meters: float) -> GeoPoint | None:
        return self.driver if self.classes & classes else None


class FakeShifts:
    """Open shifts by driver."""

    def __init__(self, shifts: Mapping[UUID, OpenShift] | None = None) -> None:
        self.shifts = dict(shifts or {})
        self.closed: set[ShiftKey] = set()
        self.homes: dict[UUID, GeoPoint] = {}
        self.declared: dict[UUID, frozenset[Capability]] = {}
        self.figures: dict[UUID, DriverRecord] = {}
        self.extra_idle: Callable[[GeoPoint], float] | None = None
        self.asked = 0

    def end(self, driver_id: UUID) -> None:
        self.closed.add((driver_id, shift_tag_of(self.shifts.pop(driver_id).shift_id)))

    async def closed_shifts(self, ended_since: datetime) -> frozenset[ShiftKey]:
        return frozenset(self.closed)

    async def headings(self) -> Mapping[UUID, GeoPoint]:
        return self.homes

    async def records(self, now: datetime) -> Mapping[UUID, DriverRecord]:
        return self.figures

    def extra_idle_seconds(self, city: CityPolicy, now: datetime) -> Callable[[GeoPoint], float] | None:
        return self.extra_idle

    async def capabilities(self) -> Mapping[UUID, frozenset[Capability]]:
        return self.declared

    async def open_shifts_of(self, driver_ids: Sequence[UUID]) -> Mapping[UUID, OpenShift]:
        self.asked += 1
        return {driver_id: self.shifts[driver_id] for driver_id in driver_ids if driver_id in self.shifts}


class FakeRideBoard:
    """Waiting rides, busy drivers, standings and offers, judged as the database's unique indexes do: one open offer a
    ride and a driver."""

    def __init__(self, rides: Sequence[WaitingRide] = ()) -> None:
        self.rides = list(rides)
        self.offers: dict[UUID, Proposal] = {}
        self.proposed: list[Proposal] = []
        self.en_route: list[EnRouteRide] = []
        self.rerouted: list[Sequence[Reroute]] = []
        self.no_cash: set[UUID] = set()
        self.runs: list[RunView] = []
        self.under_way: set[UUID] = set()

    async def list_waiting(
        self, shards: Collection[str], limit: int, cities: Collection[str] = ()
    ) -> list[WaitingRide]:
        due = [ride for ride in self.rides if not cities or ride.city in {"", *cities}]
        waiting = [ride for ride in due if ride.ride_id not in self.offers and ride.shard in shards]
        return sorted(waiting, key=lambda ride: (not ride.returned, ride.requested_at))[:limit]

    async def list_en_route(
        self, shards: Collection[str], max_swaps: int, limit: int, cities: Collection[str] = ()
    ) -> list[EnRouteRide]:
        return [ride for ride in self.en_route if ride.ride_id not in self.offers and ride.shard in shards][:limit]

    async def reroute(self, ring: Sequence[Reroute]) -> bool:
        self.rerouted.append(ring)
        return True

    async def busy(self) -> frozenset[UUID]:
        on_the_way = {ride.driver_id for ride in self.en_route}
        return frozenset(offer.driver_id for offer in self.offers.values()) | on_the_way | self.under_way

    async def with_room(self, driver_ids: Collection[UUID], limit: int) -> Sequence[RunView]:
        return [view for view in self.runs if view.run.driver_id in driver_ids][:limit]

    async def no_cash_driver_ids(self, currency_code: str) -> frozenset[UUID]:
        return frozenset(self.no_cash)

    async def make_offers(self, proposals: Sequence[Proposal]) -> list[OfferOutcome]:
        return [self._offer(proposal) for proposal in proposals]

    def _offer(self, proposal: Proposal) -> OfferOutcome:
        self.proposed.append(proposal)
        if proposal.ride_id in self.offers:
            return OfferOutcome.RIDE_GONE
        if any(offer.driver_id == proposal.driver_id for offer in self.offers.values()):
            return OfferOutcome.DRIVER_TAKEN
        self.offers[proposal.ride_id] = proposal
        return OfferOutcome.OFFERED


class FakeReservations:
    """Grants all but the drivers that a test keeps back; remembers what is held."""

    def __init__(self, kept_back: frozenset[UUID] = frozenset()) -> None:
        self.kept_back = kept_back
        self.held: set[UUID] = set()

    async def reserve(self, claims: Sequence[Claim], seconds: float) -> frozenset[UUID]:
        gained = frozenset(claim.position.driver_id for claim in claims) - self.kept_back - self.held
        self.held |= gained
        return gained

    async def release(self, claims: Sequence[Claim]) -> None:
        self.held -= {claim.position.driver_id for claim in claims}


@dataclass
class Lease:
    """A row of the leases of shards."""

    owner_id: UUID | None
    fence: int
    until: float


class FakeShardLeases:
    """Leases by a clock that a test moves. `busy` are the shards that have rides."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.busy: set[str] = set()
        self.matchers: dict[UUID, float] = {}
        self.leases: dict[str, Lease] = {}
        self.failure: DomainError | None = None

    async def look(self, matcher_id: UUID, name: str, seconds: float) -> ShardsSeen:
        if self.failure is not None:
            raise self.failure
        self.matchers[matcher_id] = self._now + seconds
        living = frozenset(each for each, until in self.matchers.items() if until > self._now)
        return ShardsSeen(living, frozenset(self.busy))

    async def renew(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, int]:
        mine = self._of(matcher_id, shards)
        renewed = {shard: lease for shard, lease in mine.items() if lease.until > self._now}
        for lease in renewed.values():
            lease.until = self._now + seconds
        return {shard: lease.fence for shard, lease in renewed.items()}

    async def claim(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, GainedShard]:
        gained: dict[str, GainedShard] = {}
        for shard in shards:
            former = self.leases.get(shard, Lease(None, 0, self._now))
            if former.until <= self._now or former.owner_id == matcher_id:
                self.leases[shard] = Lease(matcher_id, former.fence + 1, self._now + seconds)
                gained[shard] = GainedShard(former.fence + 1, former.owner_id not in (None, matcher_id))
        return gained

    async def give_back(self, matcher_id: UUID, shards: Collection[str]) -> None:
        for shard, lease in self._of(matcher_id, shards).items():
            self.leases[shard] = Lease(None, lease.fence, self._now)

    async def leave(self, matcher_id: UUID) -> None:
        self.matchers.pop(matcher_id, None)
        await self.give_back(matcher_id, list(self.leases))

    @property
    def _now(self) -> float:
        return self.clock.monotonic()

    def _of(self, matcher_id: UUID, shards: Collection[str]) -> dict[str, Lease]:
        return {
            shard: lease for shard, lease in self.leases.items() if shard in shards and lease.owner_id == matcher_id
        }
