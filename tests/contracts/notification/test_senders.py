"""What deliveries expect of a way out; fakes, SMS against the sandbox and live streams on Redis pass the same suite."""

from __future__ import annotations

import asyncio

import pytest

from chassis.redis_client import awaited, open_redis
from notification_service.adapters.live_stream import KEPT_ENTRIES, KEPT_SECONDS, LiveStreamSender
from notification_service.domain.delivery import DeliveryFailed, DueDelivery
from tests.contracts.notification.conftest import World, redis_world, sandbox_world, stream_message
from tests.fakes.notification_senders import Fault


async def failure_of(world: World, delivery: DueDelivery) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as raised:
        await world.sender.send(delivery)
    return raised.value


async def test_a_message_arrives_as_it_was_handed_over(world: World) -> None:
    delivery = world.message()
    await world.sender.send(delivery)
    assert await world.arrived(delivery) == [world.content(delivery)]


async def test_a_message_reaches_nobody_else(world: World) -> None:
    delivery, another = world.message(), world.message()
    await world.sender.send(delivery)
    assert await world.arrived(another) == []


async def test_a_message_sent_again_arrives_again(world: World) -> None:
    delivery = world.message()
    await world.sender.send(delivery)
    await world.sender.send(delivery)
    assert await world.arrived(delivery) == [world.content(delivery)] * 2


async def test_fifty_messages_at_once_all_arrive(world: World) -> None:
    deliveries = [world.message() for _ in range(50)]
    await asyncio.gather(*(world.sender.send(delivery) for delivery in deliveries))
    for delivery in deliveries:
        assert await world.arrived(delivery) == [world.content(delivery)]


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANGS])
async def test_a_channel_that_does_not_take_a_message_is_worth_another_try(world: World, fault: Fault) -> None:
    delivery = world.message()
    await world.fail(fault)
    failure = await failure_of(world, delivery)
    assert (failure.reason.endswith("_unavailable"), failure.permanent) == (True, False)
    assert await world.arrived(delivery) == []
    await world.sender.send(delivery)
    assert await world.arrived(delivery) == [world.content(delivery)]


async def test_an_sms_whose_answer_is_lost_counts_as_not_sent(sms_world: World) -> None:
    delivery = sms_world.message()
    await sms_world.fail(Fault.LOST_ANSWER)
    failure = await failure_of(sms_world, delivery)
    assert (failure.reason, failure.permanent) == ("sms_unavailable", False)
    assert await sms_world.arrived(delivery) == [sms_world.content(delivery)]


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.THROTTLED, "sms_throttled"), (Fault.UNAVAILABLE, "sms_unavailable")]
)
async def test_a_provider_that_says_when_to_come_again_is_heard(sms_world: World, fault: Fault, reason: str) -> None:
    delivery = sms_world.message()
    await sms_world.fail(fault)
    failure = await failure_of(sms_world, delivery)
    assert (failure.reason, failure.permanent, failure.retry_after_seconds) == (reason, False, 1)
    assert await sms_world.arrived(delivery) == []


async def test_an_sms_that_is_refused_is_refused_for_good(sms_world: World) -> None:
    delivery = sms_world.message()
    await sms_world.fail(Fault.REFUSED)
    failure = await failure_of(sms_world, delivery)
    assert (failure.reason, failure.permanent) == ("sms_refused_400", True)
    assert await sms_world.arrived(delivery) == []


async def test_wrong_credentials_at_the_provider_are_refused_for_good(sandbox_url: str) -> None:
    async with sandbox_world(sandbox_url, token="another") as world:
        failure = await failure_of(world, world.message())
    assert (failure.reason, failure.permanent) == ("sms_refused_401", True)


async def test_a_live_stream_is_kept_short_and_not_for_ever(redis_url: str) -> None:
    async with redis_world(redis_url) as world:
        delivery = world.message()
        for _ in range(2 * KEPT_ENTRIES):
            await world.sender.send(delivery)
        kept = await world.arrived(delivery)
    assert KEPT_ENTRIES <= len(kept) < 2 * KEPT_ENTRIES
    redis = open_redis(redis_url)
    assert 0 < await awaited(redis.ttl(f"live:{delivery.target}")) <= KEPT_SECONDS
    await redis.aclose()


async def test_what_is_no_stream_is_a_failure_of_the_channel(redis_url: str) -> None:
    redis, delivery = open_redis(redis_url), stream_message()
    await awaited(redis.set(f"live:{delivery.target}", "not a stream"))
    with pytest.raises(DeliveryFailed, match="redis_unavailable"):
        await LiveStreamSender(redis).send(delivery)
    await redis.aclose()
