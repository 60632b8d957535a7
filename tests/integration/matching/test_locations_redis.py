"""Live locations in a real Redis: many drivers, races, losses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from chassis.redis_client import open_redis
from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.adapters.free_drivers import SnapshotFreeDrivers
from matching_service.adapters.location_layout import location_key
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.shard_cells import shard_at
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import GONE_SECONDS, DriverPosition, Ping, PingVerdict, RecordOutcome
from matching_service.use_cases.dispatch_ports import OpenShift
from matching_service.use_cases.list_nearby_drivers import ListNearbyDrivers
from matching_service.use_cases.report_locations import PingCounts, ReportLocations
from shared_kernel.errors import Unavailable
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import NOON, FakeRideBoard, FakeShifts, HandClock

AT = NOON.timestamp()
ECONOMY = VehicleClass.ECONOMY


@pytest.fixture
async def redis(redis_url_for: Callable[[int], str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url_for(12), socket_timeout=60, socket_connect_timeout=60) as client:
        await client.flushdb()
        yield client


def position(driver_id: UUID, sequence: int, latitude: float = 37.7, at: float = AT) -> DriverPosition:
    return DriverPosition(driver_id, latitude, -122.4, at, sequence, ECONOMY, 1)


def ignore(verdict: PingVerdict, count: int) -> None:
    pass


async def test_a_thousand_drivers_at_once_are_all_kept(redis: Redis) -> None:
    clock = HandClock()
    drivers = [uuid4() for _ in range(1_000)]
    report = ReportLocations(
        cities=FixedCities(load_city(None)),
        on_shift=FakeShifts({driver: OpenShift(uuid4(), ECONOMY) for driver in drivers}),
        locations=RedisLiveLocations(redis),
        clock=clock,
        monotonic=clock.monotonic,
        max_pings_per_second=100,
        observe=ignore,
    )

    async def drive(index: int, driver: UUID) -> list[PingCounts]:
        start = 37.2 + index * 0.0009
        return [
            await report(driver, [Ping(start + n * 1e-5, -122.0, AT, 10 * batch + n) for n in range(1, 6)])
            for batch in range(3)
        ]

    answers = await asyncio.gather(*(drive(index, driver) for index, driver in enumerate(drivers)))
    assert {(counts.accepted, counts.dropped) for some in answers for counts in some} == {(5, 0)}
    snapshot = await RedisLiveLocations(redis).snapshot()
    assert {each.driver_id for each in snapshot} == set(drivers)
    assert {each.sequence for each in snapshot} == {25}


async def test_an_app_that_began_its_count_anew_is_heard_of_again_in_the_same_shift(redis: Redis) -> None:
    clock, driver, locations = HandClock(), uuid4(), RedisLiveLocations(redis)
    report = ReportLocations(
        cities=FixedCities(load_city(None)),
        on_shift=FakeShifts({driver: OpenShift(uuid4(), ECONOMY)}),
        locations=locations,
        clock=clock,
        monotonic=clock.monotonic,
        max_pings_per_second=100,
        observe=ignore,
    )

    async def tell(sequence: int) -> int:
        return (await report(driver, [Ping(37.7, -122.4, clock.monotonic(), sequence)])).accepted

    assert await tell(500) == 1
    clock.advance(5)
    assert await tell(1) == 0
    clock.advance(GONE_SECONDS)
    await locations.trim(clock.now() - timedelta(seconds=GONE_SECONDS))
    assert [await tell(2), await tell(3)] == [1, 1]
    found = await locations.last(driver)
    assert found is not None
    assert found.sequence == 3


async def test_racing_processes_leave_each_driver_at_the_newest_position(redis: Redis) -> None:
    processes = [RedisLiveLocations(redis) for _ in range(4)]
    drivers = [uuid4() for _ in range(20)]
    # Each driver goes up and down across several cells; the processes take the pings in mixed order.
    pings = [position(driver, n, 37.3 + 0.2 * (n % 4), AT + n / 10) for n in range(1, 41) for driver in drivers]
    await asyncio.gather(*(processes[index % 4].record([ping]) for index, ping in enumerate(pings)))
    assert {each.sequence for each in await processes[0].snapshot()} == {40}
    assert len(await processes[0].snapshot()) == len(drivers)


async def test_a_driver_left_in_two_cells_is_read_at_the_newer_place(redis: Redis) -> None:
    locations, driver = RedisLiveLocations(redis), uuid4()
    await locations.record([position(driver, 1, 37.3)])
    await redis.delete(f"home:{driver}")  # as if another process had lost the race to move it
    await locations.record([position(driver, 2, 37.9, AT + 1)])
    assert [each.sequence for each in await locations.snapshot()] == [2]


async def test_a_position_that_another_layout_left_is_passed_over_until_the_next_ping(redis: Redis) -> None:
    locations, other, driver = RedisLiveLocations(redis), uuid4(), uuid4()
    await locations.record([position(driver, 1), position(other, 1)])
    await redis.hset(location_key(shard_at(37.7, -122.4)), driver.bytes, b"\0" * 29)  # pyright: ignore[reportArgumentType]
    assert [each.driver_id for each in await locations.snapshot()] == [other]
    assert await locations.last(driver) is None
    assert await locations.record([position(driver, 2)]) == [RecordOutcome.RECORDED]
    assert {each.driver_id for each in await locations.snapshot()} == {driver, other}
    found = await locations.last(driver)
    assert found is not None
    assert found.sequence == 2


async def test_after_redis_lost_everything_the_next_pings_bring_the_drivers_back(redis: Redis) -> None:
    locations, drivers = RedisLiveLocations(redis), [uuid4() for _ in range(10)]
    await locations.record([position(driver, 50) for driver in drivers])
    await redis.flushdb()
    await redis.script_flush()
    assert list(await locations.snapshot()) == []
    outcomes = await locations.record([position(driver, 51) for driver in drivers])
    assert outcomes == [RecordOutcome.RECORDED] * 10
    assert len(await locations.snapshot()) == 10


async def test_trimming_leaves_nothing_behind(redis: Redis) -> None:
    locations = RedisLiveLocations(redis)
    await locations.record([position(uuid4(), 1, 37.2 + n / 3_000) for n in range(2_500)])
    assert await locations.trim(NOON + timedelta(seconds=1)) == 2_500
    assert [key async for key in redis.scan_iter("loc:{*")] == []
    assert [key async for key in redis.scan_iter("seen:*")] == []
    assert await redis.zcard("loc:cells") == 0


async def test_a_caller_who_leaves_does_not_take_others_along(redis: Redis) -> None:
    locations, stays, leaves = RedisLiveLocations(redis), uuid4(), uuid4()
    tasks = [asyncio.create_task(locations.record([position(each, 1)])) for each in (leaves, stays)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await tasks[1] == [RecordOutcome.RECORDED]
    assert await locations.record([position(stays, 2)]) == [RecordOutcome.RECORDED]


async def test_without_redis_locations_are_unavailable() -> None:
    async with open_redis("redis://127.0.0.1:1/0", timeout_seconds=1) as nowhere:
        locations = RedisLiveLocations(nowhere)
        for call in (locations.record([position(uuid4(), 1)]), locations.snapshot(), locations.last(uuid4())):
            with pytest.raises(Unavailable) as caught:
                await call
            assert caught.value.reason == "locations_unavailable"


async def test_the_nearest_free_driver_is_found_among_fresh_and_idle_ones(redis: Redis) -> None:
    locations, clock, board = RedisLiveLocations(redis), HandClock(), FakeRideBoard()
    free = SnapshotFreeDrivers(locations, board, FakeShifts(), clock, clock.monotonic)
    here, classes = GeoPoint(37.7, -122.4), frozenset({ECONOMY})
    assert await free.nearest(here, classes, 5_000) is None
    stale, near, far = uuid4(), uuid4(), uuid4()
    await locations.record(
        [position(stale, 1, 37.701, AT - 14), position(near, 1, 37.71, AT), position(far, 1, 37.74, AT)]
    )
    clock.advance(2)  # the picture is renewed every two seconds
    assert await free.nearest(here, classes, 5_000) == GeoPoint(37.71, -122.4)
    assert await free.nearest(here, classes, 1_000) is None
    assert await free.nearest(here, frozenset({VehicleClass.XL}), 5_000) is None


async def test_riders_are_shown_about_where_the_nearest_free_drivers_are(redis: Redis) -> None:
    locations, clock, board = RedisLiveLocations(redis), HandClock(), FakeRideBoard()
    near = ListNearbyDrivers(SnapshotFreeDrivers(locations, board, FakeShifts(), clock, clock.monotonic))
    here = GeoPoint(37.7, -122.4)
    assert await near(here) == []
    corner, twin, block, far = (position(uuid4(), 1, latitude, AT) for latitude in (37.7012, 37.7008, 37.7052, 37.74))
    await locations.record([far, block, corner, twin])
    clock.advance(2)
    # Two at one corner are one place; who is beyond three kilometers is none.
    assert await near(here) == [GeoPoint(37.701, -122.4), GeoPoint(37.705, -122.4)]


async def test_who_went_offline_with_the_last_ride_is_shown_and_promised_to_nobody(redis: Redis) -> None:
    clock, driver, locations = HandClock(), uuid4(), RedisLiveLocations(redis)
    shifts = FakeShifts({driver: OpenShift(UUID(int=1), ECONOMY)})
    free = SnapshotFreeDrivers(locations, FakeRideBoard(), shifts, clock, clock.monotonic)
    here = GeoPoint(37.7, -122.4)
    await locations.record([position(driver, 1)])
    assert await ListNearbyDrivers(free)(here) == [here]
    shifts.end(driver)  # the position stays for a minute
    clock.advance(2)
    assert await ListNearbyDrivers(free)(here) == []
    assert await free.nearest(here, frozenset({ECONOMY}), 5_000) is None


async def test_without_redis_there_is_no_nearest_driver_and_no_error() -> None:
    clock = HandClock()
    async with open_redis("redis://127.0.0.1:1/0", timeout_seconds=1) as nowhere:
        free = SnapshotFreeDrivers(RedisLiveLocations(nowhere), FakeRideBoard(), FakeShifts(), clock, clock.monotonic)
        assert await free.nearest(GeoPoint(37.7, -122.4), frozenset(VehicleClass), 5_000) is None
