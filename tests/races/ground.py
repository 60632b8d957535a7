"""What races are run on: two replicas over one database and one Redis, and lanes that run rounds beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import text

from chassis.database import Database
from matching_service.adapters.postgres_shards import PostgresShardLeases
from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.adapters.shard_cells import shard_of, with_halo
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.offer import Offer
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.reader_ports import RideReader
from shared_kernel.errors import DomainError
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_dispatch import HandClock
from tests.fakes.matching_other_services import FakeAccounts, FakePayments
from tests.fakes.matching_stage import PICKUP, Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.races.invariants import wrongs
from tests.races.jitter import Chance, JitteredStore, a_head_start

POOL = 12
_AROUND_METERS = 16_000
"""Nineteen shards: enough for all lanes."""
_MOST_STEPS = 12
"""Of a ride from any state to its end, with a good deal to spare."""


class WrongError(AssertionError):
    """Something that must never be was found."""


@dataclass
class Ground:
    """The stores; two replicas share nothing but them."""

    databases: list[Database]
    redis: Redis
    payments: FakePayments
    chance: Chance


@asynccontextmanager
async def ground(postgres_url: str, redis_url: str, seed: int) -> AsyncGenerator[Ground]:
    """Open it on a migrated database of its own and a Redis database that it may flush."""
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(open_database(postgres_url, POOL)) for _ in range(2)]
        patient = Redis.from_url(redis_url, socket_timeout=60, socket_connect_timeout=60)
        redis = await stack.enter_async_context(patient)
        yield Ground(databases, redis, FakePayments(), Chance(seed))


class Lane:
    """Runs one round after the other, with drivers, a shard and a clock of its own."""

    def __init__(self, ground: Ground, number: int) -> None:
        self.ground = ground
        self.chance = ground.chance
        self.clock = HandClock()
        self.accounts = FakeAccounts()
        self.one, self.other = (self._replica(database, self.clock) for database in ground.databases)
        self.reservations = [RedisReservations(ground.redis) for _ in ground.databases]
        self.leases = [PostgresShardLeases(database) for database in ground.databases]
        self.new_id = Uuid7Source()
        self.shard = sorted(with_halo([shard_of(PICKUP.point)], _AROUND_METERS))[number]
        self.pickup = Place(middle_of(self.shard))
        self.matcher_ids = [self.new_id(), self.new_id()]
        self.drivers: list[UUID] = []
        self.rides: list[Ride] = []

    def _replica(self, database: Database, clock: HandClock) -> Stage:
        stage = stage_on(database, self.ground.payments, clock)
        return replace(stage, store=JitteredStore(stage.store, self.chance), accounts=self.accounts)

    def later(self, until: datetime) -> Stage:
        """A third replica, whose clock is ahead: to it, what runs until then is over. It sweeps this lane alone."""
        late = self._replica(self.ground.databases[1], HandClock(until))
        return replace(late, reader=cast("RideReader", _OwnOffers(late.reader, self)))

    # Scenes

    async def begin(self) -> None:
        """Forget the last round's rides; it is an hour later, and three drivers are on shift and free."""
        self.rides = []
        self.clock.advance(3_600)
        while len(self.drivers) < 3:
            self.drivers.append(await self.one.driver())

    async def ride(self, pickup: Place | None = None) -> Ride:
        """A ride in MATCHING, in the lane's shard unless it is asked for elsewhere."""
        rider_id = self.new_id()
        quote = replace(await self.one.quote(rider_id), id=self.new_id(), pickup=pickup or self.pickup)
        await self.one.quotes.add([quote])
        ride = await self.one.request_ride(self.key(), rider_id, quote.id, self.one.card(), "")
        self.rides.append(ride)
        return ride

    async def offer(self, ride: Ride, driver_id: UUID) -> Offer:
        """The open offer of a ride to a driver who must be free to have it."""
        [outcome] = await self.one.offers.make_offers([await self.proposal(ride, driver_id)])
        if outcome is not OfferOutcome.OFFERED:
            raise WrongError(f"a ride that waits and a driver who is free were not brought together: {outcome}")
        offer = await self.one.reader.open_offer(driver_id)
        if offer is None:
            raise WrongError("an offer that was made is not to be seen")
        return offer

    async def proposal(self, ride: Ride, driver_id: UUID) -> Proposal:
        """A proposal under the fence of now."""
        return Proposal(ride.id, driver_id, 60, 60.0, await self.fence(ride))

    async def assigned(self, pickup: Place | None = None) -> tuple[Ride, UUID]:
        """A ride whose driver, the first of the lane, is on the way."""
        ride, driver_id = await self.ride(pickup), self.drivers[0]
        offer = await self.offer(ride, driver_id)
        return await self.one.accept(self.key(), driver_id, offer.id), driver_id

    async def arrived(self, pickup: Place | None = None) -> tuple[Ride, UUID]:
        """The same at the pickup."""
        ride, driver_id = await self.assigned(pickup)
        return await self.one.arrive(self.key(), driver_id, ride.id), driver_id

    async def under_way(self, pickup: Place | None = None) -> tuple[Ride, UUID]:
        """The same with the rider in the vehicle."""
        ride, driver_id = await self.arrived(pickup)
        return await self.one.start(self.key(), driver_id, ride.id, ride.start_pin), driver_id

    def position(self, driver_id: UUID) -> DriverPosition:
        """A driver at the pickup."""
        point = self.pickup.point
        return DriverPosition(driver_id, point.latitude, point.longitude, 0.0, 1, VehicleClass.ECONOMY, 0)

    async def fence(self, ride: Ride) -> int:
        """The fence of a ride's shard; zero before anybody owned it."""
        async with self.ground.databases[0].connect() as connection:
            found = await connection.scalar(
                text("SELECT fence FROM shard_lease WHERE shard = :shard"), {"shard": shard_of(ride.pickup.point)}
            )
        return found or 0

    def key(self) -> str:
        return str(self.new_id())

    # Acts

    async def at_once(self, **acts: Awaitable[Any]) -> dict[str, Any]:
        """Let all act at once, each from a moment of chance on; refusals come back as errors, a failure is wrong."""

        async def act(one: Awaitable[Any]) -> Any:
            await a_head_start(self.chance)
            return await one

        answers = await asyncio.gather(*map(act, acts.values()), return_exceptions=True)
        for name, answer in zip(acts, answers, strict=True):
            # A refusal is an answer; a database that is too busy, here, is two transactions that wait for each other.
            if isinstance(answer, BaseException) and (not isinstance(answer, DomainError) or answer.retryable):
                raise WrongError(f"{name} failed: {answer!r}") from answer
        return dict(zip(acts, answers, strict=True))

    async def now(self, ride: Ride) -> RideState:
        """Where a ride stands."""
        return (await self.one.now(ride)).state

    # The end of a round

    async def judge(self) -> None:
        """Read what is stored: nothing may be doubled, illegal or at odds."""
        found = await wrongs(self.ground.databases[0], [ride.id for ride in self.rides], self.drivers)
        if found:
            raise WrongError("; ".join(found))

    async def finish(self) -> None:
        """Bring every ride to an end by the people's own moves, and all drivers back to work: nothing is stuck."""
        for ride in self.rides:
            await self._finish(ride)
        await self.judge()
        for driver_id in self.drivers:
            if await self.one.reader.open_shift(driver_id) is None:
                await self.one.start_shift(self.key(), driver_id)
            if not await self.one.driver_is_free(driver_id):
                raise WrongError("a driver is not free though all rides have ended")

    async def _finish(self, ride: Ride) -> None:
        for _ in range(_MOST_STEPS):
            now = await self.one.now(ride)
            if not now.is_live:
                return
            try:
                await self._step(now)
            except DomainError as error:
                raise WrongError(f"a ride is stuck, {now.state}: {error.reason}") from error
        raise WrongError(f"a ride does not come to an end: {await self.now(ride)}")

    async def _step(self, now: Ride) -> None:
        driver_id = now.driver.driver_id if now.driver is not None else None
        match now.state, driver_id:
            case RideState.REQUESTED, _:
                await self.one.settle()
            case RideState.MATCHING, _:
                await self.offer(now, await self._somebody_for(now))
            case RideState.OFFERED, _:
                _, offers = await self.one.reader.history(now.id, 100)
                await self.one.accept(self.key(), offers[-1].driver_id, offers[-1].id)
            case RideState.DRIVER_EN_ROUTE, UUID():
                await self.one.arrive(self.key(), driver_id, now.id)
            case RideState.ARRIVED, UUID():
                await self.one.start(self.key(), driver_id, now.id, now.start_pin)
            case RideState.IN_PROGRESS, UUID():
                await self.one.complete(self.key(), driver_id, now.id)
            case state, _:
                raise WrongError(f"nobody can do anything about a ride that is {state}")

    async def _somebody_for(self, ride: Ride) -> UUID:
        """A driver of the lane's who is on shift, free and not excluded; another one when there is none."""
        _, offers = await self.one.reader.history(ride.id, 100)
        asked = {offer.driver_id for offer in offers}
        for driver_id in self.drivers:
            on_shift = await self.one.reader.open_shift(driver_id)
            if driver_id not in asked and on_shift is not None and await self.one.driver_is_free(driver_id):
                return driver_id
        self.drivers.append(await self.one.driver())
        return self.drivers[-1]


class _OwnOffers:
    """A RideReader that finds only a lane's own offers overdue: other lanes have clocks of their own."""

    def __init__(self, reader: RideReader, lane: Lane) -> None:
        self._reader = reader
        self._lane = lane

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def expired_offers(self, now: datetime, limit: int) -> list[Offer]:
        mine = {ride.id for ride in self._lane.rides}
        return [offer for offer in await self._reader.expired_offers(now, limit) if offer.ride_id in mine]


def middle_of(shard: str) -> GeoPoint:
    """Where the middle of a shard is."""
    import h3  # noqa: PLC0415

    latitude, longitude = cast("tuple[float, float]", cast("Any", h3).cell_to_latlng(shard))
    return GeoPoint(latitude, longitude)


Race = Callable[[Lane], Awaitable[str]]
"""Sets a scene, lets people act at once, and tells how it came out; raises WrongError for what must not come out."""


def how(answer: Any) -> str:
    """What somebody was answered, in a word."""
    if isinstance(answer, DomainError):
        return answer.reason
    if isinstance(answer, Ride):
        return answer.state.value
    if isinstance(answer, list) and len(answer) == 1:  # pyright: ignore[reportUnknownArgumentType]
        return how(answer[0])
    return str(getattr(answer, "value", "done"))
