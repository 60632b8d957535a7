"""Webhooks on a real Postgres, posted over real HTTP to a receiver of the test."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.seals import KeyRing
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_webhooks import PostgresWebhooks
from notification_service.adapters.webhook_poster import WebhookPoster
from notification_service.domain.facts import Happening
from notification_service.domain.webhooks import (
    MAX_ATTEMPTS,
    MAX_ENDPOINTS,
    MOST_UNDER_WAY,
    Endpoint,
    Posted,
    WebhookState,
)
from notification_service.use_cases.keep_webhooks import KeepWebhooks
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.send_webhooks import SendWebhooks
from shared_kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_templates import TEMPLATES
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


OLD_KEY, NEW_KEY = "aa" * 32, "bb" * 32


def keys(*texts: str) -> KeyRing:
    return KeyRing(",".join(texts), "webhook secrets")


@pytest.fixture
async def hooks(database: Database, store: PostgresStore, clock: SetClock) -> AsyncGenerator[Hooks]:
    async with receiving() as receiver:
        kept, poster = PostgresWebhooks(database, keys(OLD_KEY)), WebhookPoster(private_too=True)
        yield Hooks(
            KeepWebhooks(kept, poster, clock, Uuid7Source(), lambda count: bytes(range(count))),
            SendWebhooks(kept, poster, clock, random.Random(3)),
            OweMessages(store, TEMPLATES, clock, Uuid7Source()),
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


async def test_a_request_that_is_repeated_makes_one_endpoint_and_tells_its_secret_for_a_day(hooks: Hooks) -> None:
    async def add(url: str = hooks.receiver.url, request_id: str = "once", by: str = "operator") -> Endpoint:
        return await hooks.keep.add(url, ["ride_completed"], created_by=by, request_id=request_id)

    first, second = await asyncio.gather(add(), add())
    assert (first, await add()) == (second, first)
    assert first.secret.startswith("whsec_")
    assert [endpoint.endpoint_id for endpoint in await hooks.keep.all()] == [first.endpoint_id]

    for _ in range(2):
        await hooks.keep.add(hooks.receiver.url, [])
    others = [await add(request_id="another"), await add(by="another")]
    assert len({endpoint.endpoint_id for endpoint in await hooks.keep.all()}) == 1 + 2 + len(others)

    with pytest.raises(Conflict) as reused:
        await add(url=hooks.receiver.url + "/elsewhere")
    hooks.clock.moment += timedelta(days=1)
    with pytest.raises(Conflict) as late:
        await add()
    assert (reused.value.reason, late.value.reason) == ("idempotency_key_reused", "idempotency_key_reused")


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


async def test_what_one_endpoint_is_owed_is_posted_without_waiting_for_the_next_look(
    hooks: Hooks, database: Database
) -> None:
    count, posted, all_posted = 200, 0, asyncio.Event()

    class Prompt(WebhookPoster):
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
            nonlocal posted
            del url, headers, body
            posted += 1
            if posted == count:
                all_posted.set()
            return Posted(204)

    await hooks.keep.add(hooks.receiver.url, [])
    await hooks.owe.all_of([(uuid4(), fresh(Happening.RIDE_COMPLETED, 7, uuid4(), uuid4())) for _ in range(count)])
    poster = Prompt()
    send = SendWebhooks(PostgresWebhooks(database, keys(OLD_KEY)), poster, hooks.clock, random.Random(3))
    working = asyncio.create_task(send.run(asyncio.Event().wait))
    async with asyncio.timeout(60):
        await all_posted.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await poster.aclose()
    assert posted == count


async def test_an_outage_that_the_look_meets_ends_the_worker_to_begin_anew(hooks: Hooks) -> None:
    async def look() -> None:
        raise Unavailable("database_unavailable", "the database does not answer")

    with pytest.raises(Unavailable):
        await hooks.send.run(look)


async def test_who_posts_is_told_when_something_is_owed_and_not_when_nothing_is(
    hooks: Hooks, store: PostgresStore, clock: SetClock
) -> None:
    told: list[str] = []
    owe = OweMessages(
        store, TEMPLATES, clock, Uuid7Source(), webhooks_are_owed=lambda: told.append("webhooks are owed")
    )
    event_id, fact = uuid4(), fresh(Happening.RIDE_COMPLETED, 7, uuid4(), uuid4())
    for _ in range(2):
        await owe(event_id, fact)
    assert told == ["webhooks are owed"]


async def test_how_long_the_oldest_is_due_is_known(hooks: Hooks, database: Database) -> None:
    kept, at = PostgresWebhooks(database, keys(OLD_KEY)), hooks.clock.now()
    await hooks.keep.add(hooks.receiver.url, [])
    assert await kept.oldest_due_at(at) is None
    await hooks.happens()
    hooks.clock.moment += timedelta(seconds=30)
    await hooks.happens()
    assert await kept.oldest_due_at(hooks.clock.now()) == at
    await hooks.send()
    assert await kept.oldest_due_at(hooks.clock.now()) is None


async def test_a_worker_that_died_is_followed_by_another_after_its_lease(hooks: Hooks, database: Database) -> None:
    await hooks.keep.add(hooks.receiver.url, [])
    await hooks.happens()
    assert len(await PostgresWebhooks(database, keys(OLD_KEY)).claim([], hooks.clock.now(), timedelta(seconds=60))) == 1
    assert await hooks.send() == 0
    hooks.clock.moment += timedelta(seconds=61)
    assert await hooks.send() == 1


async def test_a_name_that_leads_home_is_not_posted_to(hooks: Hooks, database: Database) -> None:
    # The name is looked up when it is connected to; what it led to before does not count.
    strict = WebhookPoster()
    send = SendWebhooks(PostgresWebhooks(database, keys(OLD_KEY)), strict, hooks.clock, random.Random(3))
    endpoint = await hooks.keep.add(f"http://localhost:{hooks.receiver.port}/hooks", [])
    await hooks.happens()
    assert await send() == 1
    stories, _ = await hooks.keep.stories(endpoint.endpoint_id, 0, "")
    assert (stories[0].error, hooks.receiver.posts) == ("private_address", [])
    await strict.aclose()


async def test_all_other_endpoints_may_hang_and_one_is_posted_to_all_the_same() -> None:
    here, all_here, go_on = 0, asyncio.Event(), asyncio.Event()
    most = (MAX_ENDPOINTS - 1) * MOST_UNDER_WAY

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal here
        here += 1
        if here == most:
            all_here.set()
        await go_on.wait()
        writer.close()

    server, poster = await asyncio.start_server(hang, "127.0.0.1", 0), WebhookPoster(private_too=True)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    headers = {"content-type": "application/json"}
    posts = [asyncio.create_task(poster.post(url, headers, b"{}")) for _ in range(most)]
    waiting = asyncio.create_task(all_here.wait())
    await asyncio.wait([waiting, *posts], return_when=asyncio.FIRST_COMPLETED)
    async with receiving() as receiver:
        assert await poster.post(receiver.url, headers, b"{}") == Posted(200)
    go_on.set()
    for task in (waiting, *posts):
        task.cancel()
    await asyncio.gather(waiting, *posts, return_exceptions=True)
    await poster.aclose()
    server.close()


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


async def test_a_dump_of_the_database_holds_no_secret(hooks: Hooks, database: Database) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, [])
    secret = endpoint.secret.removeprefix("whsec_")
    dump = await everything(database)
    # What is looked for is there to be found: the address beside it.
    assert endpoint.url in dump
    raw = base64.b64decode(secret)
    for form in (secret, raw.hex(), raw.hex().upper(), base64.b64encode(secret.encode()).decode().rstrip("=")):
        assert form not in dump
    assert [each.secret for each in await hooks.keep.all()] == [""]


async def everything(database: Database) -> str:
    """All rows of all tables as text, as a dump has them."""
    async with database.connect() as connection:
        tables = (await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        rows = [await connection.execute(text(f'SELECT t::text FROM "{table}" t')) for (table,) in tables]  # noqa: S608 (our tables)
        return "\n".join(row for found in rows for (row,) in found)


async def test_a_key_is_replaced_while_webhooks_go_on(hooks: Hooks, database: Database, clock: SetClock) -> None:
    endpoint = await hooks.keep.add(hooks.receiver.url, [])
    both, new_alone = (PostgresWebhooks(database, keys(*each)) for each in ((NEW_KEY, OLD_KEY), (NEW_KEY,)))
    await hooks.happens()
    [early] = await both.claim([], clock.now(), timedelta(seconds=30))
    assert early.endpoint.secret == endpoint.secret
    assert await both.seal_again() == 1
    assert await both.seal_again() == 0
    clock.moment += timedelta(minutes=1)
    [late] = await new_alone.claim([], clock.now(), timedelta(seconds=30))
    assert late.endpoint.secret == endpoint.secret


async def test_secrets_that_an_older_version_wrote_are_sealed(hooks: Hooks, database: Database) -> None:
    async with database.connect() as connection:
        await connection.execute(
            text(
                "INSERT INTO webhook_endpoint (endpoint_id, url, topics, secret, created_at) "
                "VALUES (:id, :url, '{}', 'whsec_b2xk', now())"
            ),
            {"id": uuid4(), "url": hooks.receiver.url},
        )
    await hooks.happens()
    assert await hooks.send() == 1
    kept = PostgresWebhooks(database, keys(OLD_KEY))
    assert await kept.seal_again() == 1
    assert "whsec_" not in await everything(database)
    await hooks.happens()
    assert await hooks.send() == 1
    for headers, body in hooks.receiver.posts:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(b"old", signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"


async def test_without_its_key_a_secret_is_left_and_the_others_go_on(
    hooks: Hooks, database: Database, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    lost = await hooks.keep.add(hooks.receiver.url, [])
    other = PostgresWebhooks(database, keys(NEW_KEY))
    await other.add(replace(lost, endpoint_id=uuid4(), secret="whsec_b3RoZXI="), "", "")
    await hooks.happens()
    [due] = await other.claim([], clock.now(), timedelta(seconds=30))
    assert due.endpoint.secret == "whsec_b3RoZXI="
    assert await other.seal_again() == 0
    assert "the secret of an endpoint cannot be opened" in caplog.text


async def test_a_secret_opens_in_its_own_row_alone(hooks: Hooks, database: Database, clock: SetClock) -> None:
    await hooks.keep.add(hooks.receiver.url, ["trip_started"])
    await hooks.keep.add(hooks.receiver.url, ["ride_completed"])
    async with database.connect() as connection:
        await connection.execute(
            text(
                "UPDATE webhook_endpoint e SET sealed_secret = o.sealed_secret FROM webhook_endpoint o "
                "WHERE o.endpoint_id <> e.endpoint_id"
            )
        )
    await hooks.happens()
    assert await PostgresWebhooks(database, keys(OLD_KEY)).claim([], clock.now(), timedelta(seconds=30)) == []


@pytest.mark.parametrize(
    "change",
    ["secret = 'whsec_eA=='", "sealed_secret = NULL", "sealed_with = ''", "secret = NULL, sealed_secret = NULL"],
)
async def test_the_database_refuses_a_secret_in_two_forms_or_none(
    hooks: Hooks, database: Database, change: str
) -> None:
    await hooks.keep.add(hooks.receiver.url, [])
    with pytest.raises(IntegrityError):
        async with database.connect() as connection:
            await connection.execute(text(f"UPDATE webhook_endpoint SET {change}"))  # noqa: S608 (of this test)
