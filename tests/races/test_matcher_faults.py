"""Matchers, Redis and PostgreSQL die, stop and come back: no ride is stuck, none is offered twice at a time."""

import signal
from collections.abc import AsyncGenerator

import pytest

from matching_service.domain.ride import Ride
from tests.races.town import Town, town

OFFER_SECONDS = 3


@pytest.fixture(scope="module")
async def made() -> AsyncGenerator[Town]:
    async with town(OFFER_SECONDS) as made:
        await made.add_drivers(7 * 6)
        await made.report_locations()
        made.start_matcher()
        yield made


async def offers_of(made: Town, rides: list[Ride], at_least: int) -> None:
    """Wait until each of these rides was offered so often."""

    async def so() -> bool:
        counts = [len((await made.stage.reader.history(ride.id, 100))[1]) for ride in rides]
        return min(counts) >= at_least

    await made.until(so, f"{at_least} offers of each ride")


async def end(made: Town, rides: list[Ride]) -> None:
    """Nothing was offered twice at a time; the rides are over, so that their drivers are free."""
    assert await made.doubles() == []
    for ride in rides:
        await made.stage.force_cancel(made.stage.key(), made.stage.new_id(), ride.id, "")


async def rides_everywhere(made: Town) -> list[Ride]:
    return [await made.ride(shard) for shard in made.shards]


async def test_a_driver_who_is_gone_in_mid_offer_holds_the_ride_up_for_the_offers_time_alone(made: Town):
    ride = await made.ride(made.shards[0])
    await offers_of(made, [ride], 2)
    _, offers = await made.stage.reader.history(ride.id, 10)
    assert offers[0].state == "expired"
    assert offers[0].driver_id != offers[1].driver_id
    await end(made, [ride])


async def test_a_matcher_that_is_killed_is_replaced(made: Town):
    [stays] = made.matchers
    dies = made.start_matcher()
    rides = await rides_everywhere(made)
    await made.all_shards_are_owned_by([stays, dies])
    more = await rides_everywhere(made)
    dies.send(signal.SIGKILL)
    await made.all_shards_are_owned_by([stays])
    await offers_of(made, [*rides, *more], 1)
    made.end(dies)
    await end(made, [*rides, *more])


async def test_a_matcher_that_was_stopped_and_wakes_up_offers_nothing_twice(made: Town):
    [stays] = made.matchers
    sleeps = made.start_matcher()
    rides = await rides_everywhere(made)
    await made.all_shards_are_owned_by([stays, sleeps])
    more = await rides_everywhere(made)
    sleeps.send(signal.SIGSTOP)
    await made.all_shards_are_owned_by([stays])
    await offers_of(made, [*rides, *more], 1)
    sleeps.send(signal.SIGCONT)
    await made.all_shards_are_owned_by([stays, sleeps])
    made.end(sleeps)
    await end(made, [*rides, *more])


async def test_redis_loses_everything_and_then_itself(made: Town):
    rides = await rides_everywhere(made)
    await made.redis.flushdb()
    await offers_of(made, rides, 1)
    await made.restart("redis")
    more = await rides_everywhere(made)
    await offers_of(made, more, 1)
    await end(made, [*rides, *more])


async def test_postgres_is_killed_and_no_timer_is_lost(made: Town):
    rides = await rides_everywhere(made)
    await offers_of(made, rides, 1)
    await made.restart("postgres")
    # What was offered before runs out after it, and the rides are offered on.
    await offers_of(made, rides, 2)
    await end(made, rides)


async def test_all_matchers_are_killed_and_the_next_one_finds_what_is_due(made: Town):
    rides = await rides_everywhere(made)
    await offers_of(made, rides, 1)
    for matcher in list(made.matchers):
        made.end(matcher)
    made.start_matcher()
    await offers_of(made, rides, 2)
    await end(made, rides)
