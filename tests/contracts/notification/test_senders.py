"""What deliveries expect of a way out; fakes and all real senders pass the same suite."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from chassis.live_entries import stream_key
from chassis.redis_client import awaited, open_redis
from jitney.stack.addresses import Address
from jitney.stack.providers import make_providers_file
from notification_service.adapters.live_stream import KEPT_ENTRIES, KEPT_SECONDS, LiveStreamSender
from notification_service.domain.sending import (
    Accepted,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)
from shared_kernel.ids import to_public_id
from tests.contracts.notification.conftest import posts_at_sandbox, redis_world, sms_at_sandbox, voice_at_sandbox
from tests.contracts.notification.worlds import PATIENCE_SECONDS, Posted, World, stream_message
from tests.fakes.notification_senders import Fault


def with_another_key(known: Path, path: Path, name: str) -> Path:
    """Write the known file of providers with another key for one of them."""
    nowhere = Address("127.0.0.1", 1)
    make_providers_file(path, nowhere, nowhere, "account", "token")
    keys = {each["kind"]: each.get("private_key") for each in json.loads(path.read_bytes())["providers"]}
    ours = json.loads(known.read_bytes())
    for each in ours["providers"]:
        if each["kind"] == name:
            each["private_key"] = keys[name]
    path.write_text(json.dumps(ours))
    return path


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
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Whoever takes it may be slower than its sender was patient.
        while not (arrived := await outside_world.arrived(posted)):  # noqa: ASYNC110 (it is the provider that is asked)
            await asyncio.sleep(0.02)
    assert arrived == [outside_world.content(posted)]


@pytest.mark.parametrize("world", ["fake sms", "sms", "voice", "fake stream", "redis"], indirect=True)
async def test_a_message_whose_answer_was_lost_is_not_sent_twice(world: World) -> None:
    posted = world.message()
    await send(world, posted)
    again = replace(posted.message, attempt=2)
    assert isinstance(await send(world, Posted(again, posted.target)), Accepted)
    assert await world.arrived(posted) == [world.content(posted)]


async def test_the_same_words_as_an_hour_ago_are_news(sandbox_url: str) -> None:
    async with sms_at_sandbox(sandbox_url) as world:
        posted = world.message()
        await send(world, posted)
        later = replace(posted.message, attempt=2, owed_at=datetime.now(UTC) + timedelta(hours=1))
        await send(world, Posted(later, posted.target))
        assert await world.arrived(posted) == 2 * [world.content(posted)]


@pytest.mark.parametrize(("fault", "kind"), [(Fault.THROTTLED, Throttled), (Fault.UNAVAILABLE, Unavailable)])
async def test_a_provider_that_says_when_to_come_again_is_heard(
    outside_world: World, fault: Fault, kind: type[Throttled | Unavailable]
) -> None:
    posted = outside_world.message()
    await outside_world.fail(fault)
    result = await send(outside_world, posted)
    assert isinstance(result, kind)
    # SMTP has no word for when to come again.
    assert result.retry_after_seconds == (None if "smtp" in result.reason else 1)
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
    async with voice_at_sandbox(sandbox_url, token="another") as world:
        assert await send(world, world.message()) == Unavailable("voice_credentials_refused_401")


async def test_a_call_before_the_code_was_owed_is_another_one_s(sandbox_url: str) -> None:
    async with voice_at_sandbox(sandbox_url) as world:
        posted = world.message()
        await send(world, posted)
        later = replace(posted.message, attempt=2, owed_at=datetime.now(UTC) + timedelta(hours=1))
        await send(world, Posted(later, posted.target))
        assert len(await world.arrived(posted)) == 2


async def test_a_live_stream_is_kept_short_and_not_for_ever(redis_url: str) -> None:
    async with redis_world(redis_url) as world:
        posted = world.message()
        for _ in range(2 * KEPT_ENTRIES):
            await send(world, posted)
        kept = await world.arrived(posted)
    assert KEPT_ENTRIES <= len(kept) < 2 * KEPT_ENTRIES
    redis = open_redis(redis_url)
    assert 0 < await awaited(redis.ttl(stream_key(str(posted.target.address)))) <= KEPT_SECONDS
    await redis.aclose()


async def test_what_is_no_stream_is_a_failure_of_the_channel(redis_url: str) -> None:
    redis, posted = open_redis(redis_url), stream_message()
    await awaited(redis.set(stream_key(str(posted.target.address)), "not a stream"))
    result = await LiveStreamSender(redis).send(posted.message, posted.target)
    assert result == Unavailable("redis_unavailable")
    await redis.aclose()


@pytest.mark.parametrize(("name", "platforms"), [("fcm", {"android", "web"}), ("apns", {"ios"})])
async def test_a_push_provider_takes_its_own_platforms(
    sandbox_url: str, sandbox_providers: Path, name: str, platforms: set[str]
) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, name) as world:
        assert {each for each in ("android", "web", "ios") if world.sender.takes(Target("t", each))} == platforms


async def test_a_push_to_apple_goes_by_http_2_under_the_notification_s_id(
    sandbox_url: str, sandbox_providers: Path
) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "apns") as world:
        posted = world.message()
        result = await send(world, Posted(replace(posted.message, collapse_key="ride:1"), posted.target))
        [post] = await world.posts(posted)
    # The sandbox refuses HTTP/1.1 here, as Apple does.
    assert result == Accepted(str(posted.message.notification_id))
    assert post["headers"]["apns-collapse-id"] == "ride:1"
    assert post["headers"]["apns-priority"] == "10"
    assert post["data"]["notification_id"] == to_public_id("ntf", posted.message.notification_id)
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=PATIENCE_SECONDS) as plain:
        assert (await plain.post(f"/apns/3/device/{posted.target.address}", json={})).status_code == 505


async def test_a_push_to_android_is_told_how_long_it_is_worth_something(
    sandbox_url: str, sandbox_providers: Path
) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "fcm") as world:
        posted = world.message()
        await send(world, Posted(replace(posted.message, collapse_key="ride:1"), posted.target))
        [post] = await world.posts(posted)
    assert 280 <= int(post["android"]["ttl"].removesuffix("s")) <= 300
    assert (post["android"]["collapse_key"], post["android"]["priority"]) == ("ride:1", "HIGH")
    assert post["data"]["type"] == "ride_updated"


@pytest.mark.parametrize("name", ["fcm", "apns"])
async def test_a_push_provider_that_does_not_know_our_key_is_not_the_message_s_fault(
    sandbox_url: str, sandbox_providers: Path, tmp_path: Path, name: str
) -> None:
    ours = with_another_key(sandbox_providers, tmp_path / "providers.json", name)
    async with posts_at_sandbox(sandbox_url, ours, name) as world:
        posted = world.message()
        result = await send(world, posted)
        assert isinstance(result, Unavailable)
        assert await world.arrived(posted) == []


async def test_a_mail_has_both_forms_and_one_message_id(sandbox_url: str, sandbox_providers: Path) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "smtp") as world:
        posted = world.message()
        await send(world, posted)
        [mail] = await world.posts(posted)
    assert mail["html"].strip() == posted.message.content.html
    assert mail["headers"]["Message-ID"] == f"<{posted.message.notification_id}@jitney.example>"
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("address", ["ada@example.org\r\nRCPT TO:<eve@example.org>", "no address", "a@b, c@d", ""])
async def test_an_address_that_is_none_is_refused_and_reaches_nobody(
    sandbox_url: str, sandbox_providers: Path, address: str
) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "smtp") as world:
        message = world.message().message
        assert await send(world, Posted(message, Target(address))) == Refused("smtp_refused_bad_address")


async def test_a_subject_with_a_line_break_is_refused(sandbox_url: str, sandbox_providers: Path) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "smtp") as world:
        posted = world.message()
        content = replace(posted.message.content, title="Hello\r\nBcc: eve@example.org")
        result = await send(world, Posted(replace(posted.message, content=content), posted.target))
        assert isinstance(result, Refused)
        assert await world.arrived(posted) == []


@pytest.mark.parametrize("token", ["../../_sim/faults", "a/b", "", "é"])
async def test_a_device_s_token_is_never_a_path(sandbox_url: str, sandbox_providers: Path, token: str) -> None:
    async with posts_at_sandbox(sandbox_url, sandbox_providers, "apns") as world:
        assert isinstance(await send(world, Posted(world.message().message, Target(token, "ios"))), Unregistered)
