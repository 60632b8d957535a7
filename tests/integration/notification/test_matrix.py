"""Each row of the matrix, read where it arrives, in each language: inbox, live stream, push, SMS, call and mail."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.provider_file import Providers, TwilioVoice, read_providers
from notification_service.adapters.providers import OpenProviders, open_providers
from notification_service.domain.channels import Channel
from notification_service.domain.matrix import MATRIX, Row
from notification_service.domain.messages import Message, messages_for
from notification_service.domain.samples import sample_of
from notification_service.domain.sending import Accepted, Content, Outgoing, Target
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from shared_kernel.clock import SystemClock
from tests.fakes.notification_templates import TEMPLATES

LANGUAGES = ["en", "es", "fr"]
OUTSIDE = (Channel.PUSH, Channel.SMS, Channel.VOICE, Channel.EMAIL)
SAID_IN = {"en": "en-US", "es": "es-MX", "fr": "fr-FR"}


@pytest.fixture(scope="module")
async def outside(sandbox_url: str, sandbox_providers: Path) -> AsyncGenerator[tuple[OpenProviders, httpx.AsyncClient]]:
    """The real senders, and a look at what the sandbox was handed."""
    opened = open_providers(read_providers(sandbox_providers), SystemClock())
    voice = TwilioVoice(
        kind="twilio_voice",
        name="voice",
        url=f"{sandbox_url}/voice",
        account="AC_sandbox",
        token="sandbox_token",
        sender="+14155550100",
    )
    callers = open_providers(Providers(providers=(voice,)), SystemClock())
    both = OpenProviders({**opened.senders, **callers.senders}, [*opened.closers, *callers.closers])
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=60) as controls:
        yield both, controls
    for close in both.closers:
        await close()


def message_of(row: Row) -> Message:
    [message] = [message for message in messages_for(sample_of(row)) if message.audience is row.to]
    assert message.template == row.words
    return message


def targets(channel: Channel) -> list[Target]:
    match channel:
        case Channel.PUSH:
            return [Target(uuid4().hex, platform) for platform in ("android", "ios", "web")]
        case Channel.SMS | Channel.VOICE:
            return [Target(f"+1415{uuid4().int % 10**7:07d}")]
        case _:
            return [Target(f"{uuid4().hex}@example.org")]


async def read_at_sink(controls: httpx.AsyncClient, channel: Channel, target: Target) -> list[tuple[str, str, str]]:
    """Return the title, the text and the HTML of what was sent there."""
    path = {Channel.SMS: "/_sim/messages", Channel.VOICE: "/_sim/calls"}.get(channel, "/_sim/posts")
    answer = await controls.get(path, params={"to": target.address})
    found = cast("dict[str, list[dict[str, Any]]]", answer.raise_for_status().json())
    if channel is Channel.SMS:
        return [("", each["body"], "") for each in found["messages"]]
    if channel is Channel.VOICE:
        return [("", each["said"], "") for each in found["calls"]]
    return [(each["title"], each["text"], str(each.get("html", "")).strip()) for each in found["posts"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "row", [row for row in MATRIX if set(row.spoken) & set(OUTSIDE)], ids=lambda row: cast("Row", row).name
)
async def test_a_row_is_read_at_the_sinks(
    outside: tuple[OpenProviders, httpx.AsyncClient], row: Row, language: str
) -> None:
    opened, controls = outside
    message = message_of(row)
    contents = TEMPLATES.render(message.template, message.spoken, language, message.context).contents
    for channel in set(message.spoken) & set(OUTSIDE):
        words = contents[channel]
        for target in targets(channel):
            [sender] = [each for each in opened.senders[channel] if each.takes(target)]
            outgoing = Outgoing(
                notification_id=uuid4(),
                channel=channel,
                topic=message.topic,
                priority=message.priority,
                expires_at=datetime.now(UTC) + timedelta(minutes=2),
                content=words,
                locale=language,
                collapse_key=message.collapse_key,
                live_type=message.live_type,
                live_data=json.dumps(dict(message.live_data)),
            )
            assert isinstance(await sender.send(outgoing, target), Accepted)
            assert await read_at_sink(controls, channel, target) == [(words.title, words.body, words.html)]
            if channel is Channel.VOICE:
                [call] = (await controls.get("/_sim/calls", params={"to": target.address})).json()["calls"]
                assert (call["language"], call["code"]) == (SAID_IN[language], message.context["code"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_rows_with_words_are_read_in_the_inbox_and_those_without_are_not(
    store: PostgresStore, owe_messages: OweMessages, language: str
) -> None:
    for row in MATRIX:
        message = message_of(row)
        if message.account_id is None:
            continue
        await RememberLocale(store)(uuid4(), message.account_id, language)
        known = len((await ListNotifications(store)(message.account_id, 100, ""))[0])
        await owe_messages(uuid4(), sample_of(row))
        items, _ = await ListNotifications(store)(message.account_id, 100, "")
        told = Channel.INBOX in message.spoken
        assert len(items) - known == (1 if told else 0), row.name
        if told:
            words = TEMPLATES.render(message.template, [Channel.INBOX], language, message.context)
            newest = next(item for item in items if item.topic == row.happening)
            assert Content(newest.title, newest.body) == words.contents[Channel.INBOX], row.name
