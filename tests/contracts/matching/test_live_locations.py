"""What any LiveLocations does: the one in memory and the one in Redis."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, RecordOutcome
from matching_service.use_cases.location_ports import LiveLocations
from tests.fakes.matching_dispatch import NOON, FakeLiveLocations

AT = NOON.timestamp()
RECORDED, OLDER = RecordOutcome.RECORDED, RecordOutcome.OLDER


@pytest.fixture(params=["memory", "redis"])
async def locations(request: pytest.FixtureRequest) -> AsyncIterator[LiveLocations]:
    if request.param == "memory":
        yield FakeLiveLocations()
        return
    url_for: Callable[[int], str] = request.getfixturevalue("redis_url_for")
    async with Redis.from_url(url_for(11)) as redis:
        await redis.flushdb()
        yield RedisLiveLocations(redis)


def position(
    driver_id: UUID, sequence: int, *, at: float = AT, latitude: float = 37.7, longitude: float = -122.4, shift: int = 1
) -> DriverPosition:
    return DriverPosition(driver_id, latitude, longitude, at, sequence, VehicleClass.XL, shift)


async def test_a_position_is_read_back_as_it_was_recorded(locations: LiveLocations) -> None:
    one = position(uuid4(), 2**62 + 1, at=AT + 0.125, latitude=-37.7123456, longitude=179.9999999, shift=2**32 - 1)
    assert await locations.record([one]) == [RECORDED]
    assert await locations.last(one.driver_id) == one
    assert list(await locations.snapshot()) == [one]


async def test_who_never_told_is_not_known(locations: LiveLocations) -> None:
    assert await locations.last(uuid4()) is None
    assert list(await locations.snapshot()) == []


async def test_an_older_or_the_same_sequence_is_refused(locations: LiveLocations) -> None:
    driver = uuid4()
    newest = position(driver, 2**53 + 1)  # beyond what a float tells apart
    assert await locations.record([newest]) == [RECORDED]
    assert await locations.record([position(driver, 2**53, at=AT + 1)]) == [OLDER]
    assert await locations.record([position(driver, 2**53 + 1, at=AT + 1)]) == [OLDER]
    assert await locations.last(driver) == newest
    assert await locations.record([position(driver, 2**53 + 2)]) == [RECORDED]


async def test_a_new_shift_starts_its_sequence_again(locations: LiveLocations) -> None:
    driver = uuid4()
    await locations.record([position(driver, 900, shift=1)])
    assert await locations.record([position(driver, 1, at=AT + 5, shift=2)]) == [RECORDED]
    assert await locations.record([position(driver, 901, at=AT + 4, shift=1)]) == [OLDER]


async def test_a_driver_who_moves_far_stands_in_one_place(locations: LiveLocations) -> None:
    driver = uuid4()
    await locations.record([position(driver, 1, latitude=37.3)])
    moved = position(driver, 2, latitude=37.9)
    assert await locations.record([moved]) == [RECORDED]
    assert list(await locations.snapshot()) == [moved]
    assert await locations.last(driver) == moved


async def test_an_older_ping_from_elsewhere_does_not_bring_a_driver_back(locations: LiveLocations) -> None:
    driver = uuid4()
    newest = position(driver, 5, latitude=37.9)
    await locations.record([newest])
    assert await locations.record([position(driver, 4, latitude=37.3)]) == [OLDER]
    assert list(await locations.snapshot()) == [newest]
    assert await locations.last(driver) == newest


async def test_one_call_carries_many_drivers_and_answers_each(locations: LiveLocations) -> None:
    drivers = [uuid4() for _ in range(50)]
    await locations.record([position(drivers[7], 9)])
    batch = [position(driver, 3, latitude=37.3 + index / 100) for index, driver in enumerate(drivers)]
    outcomes = await locations.record(batch)
    assert outcomes == [OLDER if index == 7 else RECORDED for index in range(50)]
    assert len(await locations.snapshot()) == 50


async def test_who_is_forgotten_is_gone_and_may_come_back(locations: LiveLocations) -> None:
    driver = uuid4()
    await locations.record([position(driver, 9)])
    await locations.forget(driver)
    await locations.forget(driver)
    assert await locations.last(driver) is None
    assert list(await locations.snapshot()) == []
    assert await locations.record([position(driver, 1)]) == [RECORDED]


async def test_trimming_drops_those_not_heard_of_since(locations: LiveLocations) -> None:
    gone, edge, fresh = uuid4(), uuid4(), uuid4()
    await locations.record(
        [position(gone, 1, at=AT - 60.5), position(edge, 1, at=AT - 60), position(fresh, 1, latitude=37.3)]
    )
    assert await locations.trim(NOON - timedelta(seconds=60)) == 1
    assert {each.driver_id for each in await locations.snapshot()} == {edge, fresh}
    assert await locations.trim(NOON - timedelta(seconds=60)) == 0
