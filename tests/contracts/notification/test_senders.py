"""What deliveries expect of a way out; fakes and all real senders pass the same suite."""

from __future__ import annotations

import asyncio

import pytest

from chassis.redis_client import awaited, open_redis
from notification_service.adapters.live_stream import KEPT_ENTRIES, KEPT_SECONDS, LiveStreamSender
from notification_service.domain.sending import (
    Accepted,
    Refused,
    SendResult,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)
from tests.contracts.notification.conftest import redis_world, sms_at_sandbox
from tests.contracts.notification.worlds import Posted, World, stream_message
from tests.fakes.notification_senders import Fault


async def send(world: World, posted: Posted) -> SendResult:
    return await world.sender.send(posted.message, posted.target)


async def test_a_message_arrives_as_it_was_handed_over(world: World) -> None:
    posted = world.message()
    assert world.sender.takes(posted.target)
    assert isinstance(await send(world, posted), Accepted)
    assert await world.arrived(posted) == [world.content(posted)]


async def test_a_message_reaches_nobody_else(world: World) -> None:
    posted, another = world.message(), world.message()
    await send(world, posted)
    assert await world.arrived(another) == []


async def test_fifty_messages_at_once_all_arrive(world: World) -> None:
    all_posted = [world.message() for _ in range(50)]
    results = await asyncio.gather(*(send(world, posted) for posted in all_posted))
    assert {type(result) for result in results} == {Accepted}
    for posted in all_posted:
        assert await world.arrived(posted) == [world.content(posted)]


@pytest.mark.parametrize(("fault", "kind"), [(Fault.UNAVAILABLE, Unavailable), (Fault.HANGS, Unknown)])
async def test_a_channel_that_does_not_take_a_message_is_worth_another_try(
    world: World, fault: Fault, kind: type[SendResult]
) -> None:
    posted = world.message()
    await world.fail(fault)
    assert isinstance(await send(world, posted), kind)
    assert await world.arrived(posted) == []
    assert isinstance(await send(world, posted), Accepted)
    assert await world.arrived(posted) == [world.content(posted)]


async def test_what_was_taken_and_not_answered_is_unknown(outside_world: World) -> None:
    posted = outside_world.message()
    await outside_world.fail(Fault.LOST_ANSWER)
    assert isinstance(await send(outside_world, posted), Unknown)
    assert await outside_world.arrived(posted) == [outside_world.content(posted)]


@pytest.mark.parametrize(("fault", "kind"), [(Fault.THROTTLED, Throttled), (Fault.UNAVAILABLE, Unavailable)])
async def test_a_provider_that_says_when_to_come_again_is_heard(
    outside_world: World, fault: Fault, kind: type[Throttled | Unavailable]
) -> None:
    posted = outside_world.message()
    await outside_world.fail(fault)
    result = await send(outside_world, posted)
    assert isinstance(result, kind)
    assert result.retry_after_seconds == 1
    assert await outside_world.arrived(posted) == []


@pytest.mark.parametrize(("fault", "kind"), [(Fault.REFUSED, Refused), (Fault.UNREGISTERED, Unregistered)])
async def test_what_will_never_be_taken_is_known_as_such(
    outside_world: World, fault: Fault, kind: type[SendResult]
) -> None:
    posted = outside_world.message()
    await outside_world.fail(fault)
    assert isinstance(await send(outside_world, posted), kind)
    assert await outside_world.arrived(posted) == []


async def test_accepted_messages_have_ids_of_their_own(outside_world: World) -> None:
    results = [await send(outside_world, outside_world.message()) for _ in range(2)]
    ids = {result.provider_message_id for result in results if isinstance(result, Accepted)}
    assert (len(ids), "" in ids) == (2, False)


async def test_a_provider_that_does_not_know_us_is_not_the_message_s_fault(sandbox_url: str) -> None:
    async with sms_at_sandbox(sandbox_url, token="another") as world:
        assert await send(world, world.message()) == Unavailable("sms_credentials_refused_401")


async def test_a_live_stream_is_kept_short_and_not_for_ever(redis_url: str) -> None:
    async with redis_world(redis_url) as world:
        posted = world.message()
        for _ in range(2 * KEPT_ENTRIES):
            await send(world, posted)
        kept = await world.arrived(posted)
    assert KEPT_ENTRIES <= len(kept) < 2 * KEPT_ENTRIES
    redis = open_redis(redis_url)
    assert 0 < await awaited(redis.ttl(f"live:{posted.target.address}")) <= KEPT_SECONDS
    await redis.aclose()


async def test_what_is_no_stream_is_a_failure_of_the_channel(redis_url: str) -> None:
    redis, posted = open_redis(redis_url), stream_message()
    await awaited(redis.set(f"live:{posted.target.address}", "not a stream"))
    result = await LiveStreamSender(redis).send(posted.message, posted.target)
    assert result == Unavailable("redis_unavailable")
    await redis.aclose()
