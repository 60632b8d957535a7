"""Webhooks on a real Postgres, posted over real HTTP to a receiver of the test."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Database
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_webhooks import PostgresWebhooks
from notification_service.adapters.templates import TemplateFiles
from notification_service.adapters.webhook_poster import WebhookPoster
from notification_service.domain.facts import Happening
from notification_service.domain.webhooks import MAX_ATTEMPTS, MAX_ENDPOINTS, Endpoint, WebhookState
from notification_service.use_cases.keep_webhooks import KeepWebhooks
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.send_webhooks import SendWebhooks
from shared_kernel.errors import Conflict, InvalidInput, NotFound
from shared_kernel.ids import Uuid7Source
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.test_deliveries import fresh


@dataclass
class Receiver:
    """An HTTP server that keeps what it is posted and answers with a status."""

    port: int = 0
    status: int = 200
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.partition(": ") for line in asked.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.posts.append((headers, body))
        location = "location: http://127.0.0.1:1/\r\n" if self.status == 302 else ""
        head = f"HTTP/1.1 {self.status} X\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = int(server.sockets[0].getsockname()[1])
    try:
        yield receiver
    finally:
        server.close()


@dataclass
class Hooks:
    """The use cases on one database."""

    keep: KeepWebhooks
    send: SendWebhooks
    owe: OweMessages
    clock: SetClock
    receiver: Receiver

    async def happens(self, happening: Happening = Happening.RIDE_COMPLETED, event_id: UUID | None = None) -> UUID:
        ride = uuid4()
        await self.owe(event_id or uuid4(), fresh(happening, 7, uuid4(), ride))
        return ride

    async def state(self, endpoint: Endpoint) -> list[tuple[WebhookState, int]]:
        stories, _ = await self.keep.stories(endpoint.endpoint_id, 0, "")
        return [(story.state, story.status) for story in stories]


@pytest.fixture
async def hooks(database: Database, store: PostgresStore, clock: SetClock) -> AsyncGenerator[Hooks]:
    async with receiving() as receiver:
        kept, poster = PostgresWebhooks(database), WebhookPoster(private_too=True)
        yield Hooks(
            KeepWebhooks(kept, poster, clock, Uuid7Source(), lambda count: bytes(range(count))),
            SendWebhooks(kept, poster, clock, random.Random(3)),
            OweMessages(store, TemplateFiles(), clock, Uuid7Source()),
            clock,
            receiver,
        )
        for endpoint in await kept.endpoints():
            await kept.remove(endpoint.endpoint_id)
        await poster.aclose()


async def test_a_webhook_arrives_signed_once_for_an_event_that_comes_three_times(hooks: Hooks) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, [])
    event_id = uuid4()
    for _ in range(3):
        await hooks.happens(event_id=event_id)
    assert await hooks.send() == 1
    assert await hooks.send() == 0
    [(headers, body)] = hooks.receiver.posts
    assert json.loads(body)["type"] == "ride_completed"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert await hooks.state(endpoint) == [(WebhookState.SENT, 200)]


async def test_an_endpoint_is_told_of_what_it_asked_for(hooks: Hooks) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, ["trip_started"])
    await hooks.happens(Happening.RIDE_COMPLETED)
    await hooks.happens(Happening.TRIP_STARTED)
    await hooks.send()
    assert [json.loads(body)["type"] for _, body in hooks.receiver.posts] == ["trip_started"]
    assert len(await hooks.state(endpoint)) == 1


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_is_tried_again_for_hours_and_then_given_up(hooks: Hooks, status: int) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, [])
    hooks.receiver.status = status
    await hooks.happens()
    for _ in range(MAX_ATTEMPTS):
        assert await hooks.send() == 1
        assert await hooks.send() == 0
        hooks.clock.moment += timedelta(hours=12)
    assert await hooks.state(endpoint) == [(WebhookState.FAILED, status)]
    assert len(hooks.receiver.posts) == MAX_ATTEMPTS
    assert len({headers["webhook-id"] for headers, _ in hooks.receiver.posts}) == 1
    hooks.receiver.status = 200
    assert await hooks.keep.replay_failed(endpoint.endpoint_id, hooks.clock.now() - timedelta(days=20)) == 1
    await hooks.send()
    assert await hooks.state(endpoint) == [(WebhookState.SENT, 200)]


async def test_an_endpoint_that_says_it_is_gone_is_left_alone_until_somebody_replays(hooks: Hooks) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, [])
    hooks.receiver.status = 410
    await hooks.happens()
    await hooks.send()
    assert [each.disabled_because for each in await hooks.keep.all()] == ["gone"]
    await hooks.happens()
    assert await hooks.send() == 0
    stories, _ = await hooks.keep.stories(endpoint.endpoint_id, 0, "")
    hooks.receiver.status = 200
    await hooks.keep.replay(stories[0].webhook_id)
    assert await hooks.send() == 1
    assert [each.disabled_because for each in await hooks.keep.all()] == [""]


async def test_a_worker_that_died_is_followed_by_another_after_its_lease(hooks: Hooks, database: Database) -> None:
    await hooks.keep.add(hooks.receiver.url, [])
    await hooks.happens()
    assert len(await PostgresWebhooks(database).claim([], hooks.clock.now(), timedelta(seconds=60))) == 1
    assert await hooks.send() == 0
    hooks.clock.moment += timedelta(seconds=61)
    assert await hooks.send() == 1


async def test_a_name_that_leads_home_is_not_posted_to(hooks: Hooks, database: Database) -> None:
    # The name is looked up when it is connected to; what it led to before does not count.
    strict = WebhookPoster()
    send = SendWebhooks(PostgresWebhooks(database), strict, hooks.clock, random.Random(3))
    endpoint = await hooks.keep.add(f"http://localhost:{hooks.receiver.port}/hooks", [])
    await hooks.happens()
    assert await send() == 1
    stories, _ = await hooks.keep.stories(endpoint.endpoint_id, 0, "")
    assert (stories[0].error, hooks.receiver.posts) == ("private_address", [])
    await strict.aclose()


async def test_what_is_no_endpoint_is_refused_and_there_are_only_so_many(hooks: Hooks) -> None:
    with pytest.raises(InvalidInput, match="cannot be posted"):
        await hooks.keep.add("ftp://example.org", [])
    with pytest.raises(InvalidInput, match="do not tell"):
        await hooks.keep.add("https://example.org/", ["one_time_code"])
    for _ in range(MAX_ENDPOINTS):
        await hooks.keep.add("https://example.org/", [])
    with pytest.raises(Conflict):
        await hooks.keep.add("https://example.org/", [])
    with pytest.raises(NotFound):
        await hooks.keep.remove(uuid4())
    with pytest.raises(NotFound):
        await hooks.keep.replay(uuid4())
