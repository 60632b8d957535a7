"""Reservations in a real Redis, workers over leases of shards, and tickers that race on a real Postgres."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from sqlalchemy import Column, MetaData, Table, Uuid, select
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Database
from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.adapters.shard_cells import shard_of
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.run import RunView
from matching_service.entrypoints.dispatch_worker import DispatchWorker
from matching_service.use_cases.dispatch_ports import (
    Claim,
    EnRouteRide,
    OfferOutcome,
    OpenShift,
    Proposal,
    Reroute,
    Reservations,
    WaitingRide,
)
from matching_service.use_cases.keep_shards import KeepShards
from matching_service.use_cases.pace_ticks import PaceTicks
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import NOON, FakeReservations, FakeRideBoard, FakeShardLeases, FakeShifts, HandClock
from tests.fakes.matching_tick import make_tick

CITY = load_city(None)


@pytest.fixture
async def redis(redis_url_for: Callable[[int], str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url_for(13), socket_timeout=60, socket_connect_timeout=60) as client:
        await client.flushdb()
        yield client


def positions(count: int) -> list[DriverPosition]:
    at = NOON.timestamp()
    return [
        DriverPosition(uuid4(), 37.3 + n / 1_000, -122.4 + n / 2_000, at, 1, VehicleClass.ECONOMY, 0)
        for n in range(count)
    ]


def claims(drivers: Sequence[DriverPosition], fence: int, shard: str = "shard") -> list[Claim]:
    return [Claim(driver, shard, fence) for driver in drivers]


async def test_eight_racers_for_five_hundred_drivers_win_each_once(redis: Redis) -> None:
    drivers, reservations = positions(500), RedisReservations(redis)
    shares = [drivers[offset:] + drivers[:offset] for offset in range(0, 400, 50)]
    won = await asyncio.gather(*(reservations.reserve(claims(share, 7), 30) for share in shares))
    assert sum(len(each) for each in won) == 500
    assert frozenset.union(*won) == {driver.driver_id for driver in drivers}


async def test_a_later_owner_takes_over_and_an_earlier_one_neither_gains_nor_frees(redis: Redis) -> None:
    drivers, reservations = positions(3), RedisReservations(redis)
    everyone = {driver.driver_id for driver in drivers}
    assert await reservations.reserve(claims(drivers, 7), 30) == everyone
    assert await reservations.reserve(claims(drivers, 7), 30) == frozenset()
    assert await reservations.reserve(claims(drivers, 10), 30) == everyone
    assert await reservations.reserve(claims(drivers, 7), 30) == frozenset()
    await reservations.release(claims(drivers, 7))
    assert await reservations.reserve(claims(drivers, 10), 30) == frozenset()
    await reservations.release(claims(drivers, 10))
    assert await reservations.reserve(claims(drivers, 10), 30) == everyone


async def test_the_fence_of_another_shard_takes_nothing_over(redis: Redis) -> None:
    drivers, reservations = positions(3), RedisReservations(redis)
    assert len(await reservations.reserve(claims(drivers, 7), 30)) == 3
    assert await reservations.reserve(claims(drivers, 8, "neighbor"), 30) == frozenset()
    await reservations.release(claims(drivers, 8, "neighbor"))
    assert await reservations.reserve(claims(drivers, 7, "neighbor"), 30) == frozenset()


class OfferTable:
    """Rides and offers where Postgres' unique indexes judge, as in production."""

    def __init__(self, database: Database, rides: Sequence[WaitingRide]) -> None:
        self.database = database
        self.rides = rides
        self.metadata = MetaData()
        self.offer = Table(
            "offer", self.metadata, Column("ride_id", Uuid, primary_key=True), Column("driver_id", Uuid, unique=True)
        )
        self.outcomes: list[OfferOutcome] = []

    async def rows(self) -> list[tuple[UUID, UUID]]:
        async with self.database.connect() as connection:
            found = await connection.execute(select(self.offer.c.ride_id, self.offer.c.driver_id))
            return [(row.ride_id, row.driver_id) for row in found]

    async def list_waiting(
        self, shards: Collection[str], limit: int, cities: Collection[str] = ()
    ) -> list[WaitingRide]:
        offered = {ride_id for ride_id, _ in await self.rows()}
        return [ride for ride in self.rides if ride.ride_id not in offered][:limit]

    async def busy(self) -> frozenset[UUID]:
        return frozenset(driver_id for _, driver_id in await self.rows())

    async def no_cash_driver_ids(self, currency_code: str) -> frozenset[UUID]:
        return frozenset()

    async def list_en_route(
        self, shards: Collection[str], max_swaps: int, limit: int, cities: Collection[str] = ()
    ) -> list[EnRouteRide]:
        return []

    async def with_room(self, driver_ids: Collection[UUID], limit: int) -> Sequence[RunView]:
        return []

    async def reroute(self, ring: Sequence[Reroute]) -> bool:
        return False

    async def make_offers(self, proposals: Sequence[Proposal]) -> list[OfferOutcome]:
        outcomes = [await self._offer(proposal) for proposal in proposals]
        self.outcomes += outcomes
        return outcomes

    async def _offer(self, proposal: Proposal) -> OfferOutcome:
        statement = insert(self.offer).values(ride_id=proposal.ride_id, driver_id=proposal.driver_id)
        async with self.database.transaction() as connection:
            done = await connection.execute(statement.on_conflict_do_nothing())
        return OfferOutcome.OFFERED if done.rowcount else OfferOutcome.DRIVER_TAKEN


async def race(redis: Redis, url: str, reservations: Sequence[Reservations]) -> OfferTable:
    """Let one ticker a reservation store tick on the same city of 60 rides and 50 drivers."""
    await redis.flushdb()
    clock, matcher, locations = HandClock(), ScipyMatcher(), RedisLiveLocations(redis)
    drivers = positions(50)
    await locations.record(drivers)
    pickups = [GeoPoint(37.3 + n / 1_200, -122.4 + n / 2_000) for n in range(60)]
    rides = [
        WaitingRide(
            uuid4(),
            place,
            place,
            "economy",
            NOON - timedelta(seconds=n),
            frozenset(),
            returned=False,
            shard=shard_of(place),
        )
        for n, place in enumerate(pickups)
    ]
    database = Database(url, pool_timeout_seconds=30)
    board = OfferTable(database, rides)
    shifts = FakeShifts({driver.driver_id: OpenShift(uuid4(), VehicleClass.ECONOMY) for driver in drivers})
    try:
        async with database.transaction() as connection:
            await connection.run_sync(board.metadata.create_all)
        tickers = [make_tick(CITY, board, locations, shifts, matcher, each, clock) for each in reservations]
        fences = dict.fromkeys((ride.shard for ride in rides), 1)
        await asyncio.gather(*(tick(fences) for tick in tickers))
        for _ in range(3):  # those who lost a race are dispatched by the ticks after it
            await tickers[0](fences)
        rows = await board.rows()
        assert len({driver_id for _, driver_id in rows}) == len(rows) == 50
    finally:
        await matcher.close()
        await database.dispose()
    return board


async def test_racing_tickers_never_offer_one_driver_twice(redis: Redis, postgres_url: Callable[[str], str]) -> None:
    board = await race(redis, postgres_url("dispatch_race"), [RedisReservations(redis) for _ in range(3)])
    assert board.outcomes.count(OfferOutcome.OFFERED) == 50


async def test_with_reservations_lost_the_database_still_gives_each_driver_one_offer(
    redis: Redis, postgres_url: Callable[[str], str]
) -> None:
    # Stores of their own, that know nothing of each other: as if Redis had lost every reservation.
    board = await race(redis, postgres_url("dispatch_race_lost"), [FakeReservations() for _ in range(3)])
    assert board.outcomes.count(OfferOutcome.OFFERED) == 50


class Board(FakeRideBoard):
    """Tells when an offer was made."""

    def __init__(self) -> None:
        super().__init__()
        self.offered = asyncio.Event()

    async def make_offers(self, proposals: Sequence[Proposal]) -> list[OfferOutcome]:
        outcomes = await super().make_offers(proposals)
        self.offered.set()
        return outcomes


async def test_when_one_worker_leaves_the_other_takes_its_shards(redis: Redis) -> None:
    clock, matcher, locations, board = HandClock(), ScipyMatcher(), RedisLiveLocations(redis), Board()
    drivers = positions(2)
    await locations.record(drivers)
    shifts = FakeShifts({driver.driver_id: OpenShift(uuid4(), VehicleClass.ECONOMY) for driver in drivers})
    tick = make_tick(CITY, board, locations, shifts, matcher, RedisReservations(redis), clock)
    leases, shard = FakeShardLeases(clock), shard_of(drivers[0].point)
    leases.busy = {shard}

    quick = replace(CITY, dispatch=replace(CITY.dispatch, tick_seconds=0.02))

    def worker(name: str) -> asyncio.Task[None]:
        shards = KeepShards(leases, clock.monotonic, uuid4(), name)
        pace = PaceTicks(FixedCities(quick), time.monotonic)
        made = DispatchWorker(tick=tick, shards=shards, locations=locations, clock=clock, pace=pace)
        return asyncio.create_task(made.run())

    async def one_more_ride() -> None:
        place = drivers[0].point
        board.offered.clear()
        ride = WaitingRide(uuid4(), place, place, "economy", NOON, frozenset(), returned=False, shard=shard)
        board.rides.append(ride)
        async with asyncio.timeout(20):
            await board.offered.wait()

    first = worker("first")
    await one_more_ride()
    former = leases.leases[shard]
    second = worker("second")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await one_more_ride()
    latter = leases.leases[shard]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    await matcher.close()
    assert (former.fence, latter.fence) == (1, 2)
    assert leases.leases[shard].owner_id is None
    assert not leases.matchers
