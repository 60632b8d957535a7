"""Live streams through the real process: who may listen, what is delivered, what is resumed."""

import asyncio
import json
import os
import re
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from chassis.auth import Actor, Role
from chassis.live_entries import stream_key
from jitney.stack.launch import Launcher
from jitney.stack.redis import EmbeddedRedis
from rider_api.tickets import new_ticket, ticket_key, ticket_value
from shared_kernel.ids import to_public_id
from tests.integration.edge.processes import edge_process, edge_spec
from tests.integration.edge.sse import WAIT_SECONDS, listening
from tests.integration.embedded import free_port, running

Bearer = Callable[..., dict[str, str]]
QUEUE_SIZE = 64


@pytest.fixture(scope="module")
def settings(jwks_file: Path, redis_url: str) -> dict[str, object]:
    return {
        "jwks_file": jwks_file,
        "redis_url": redis_url,
        "stream_queue_size": QUEUE_SIZE,
        # A client that takes nothing for twice as long is let go, and so is one on a machine that stands still.
        "stream_heartbeat_seconds": 1.0,
        "stream_cors_origins": "https://ops.example.org",
    }


@pytest.fixture(scope="module")
def stream_url(settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with edge_process("stream", settings, tmp_path_factory.mktemp("stream")) as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def account() -> UUID:
    return uuid4()


async def tell(redis: Redis, account: UUID, number: int, expires_at: str = "") -> str:
    """Do what notification_service does."""
    fields = {"id": str(uuid4()), "type": "ride_updated", "data": json.dumps({"n": number}), "expires_at": expires_at}
    command = redis.xadd(stream_key(str(account)), cast("Any", fields), maxlen=500, approximate=True)
    return cast("bytes", await command).decode()


async def next_event(reader: Any) -> Any:
    """The next that is no heartbeat."""
    while (event := await reader.next()).type == "comment":
        pass
    return event


async def test_events_are_told_as_they_come(stream_url: str, redis: Redis, bearer: Bearer, account: UUID) -> None:
    async with listening(stream_url, bearer(Role.RIDER, account)) as reader:
        hello = await next_event(reader)
        assert (hello.type, hello.data) == ("hello", {"account_id": to_public_id("acct", account)})
        for number in range(3):
            entry = await tell(redis, account, number)
            event = await next_event(reader)
            assert (event.type, event.id, event.data) == ("ride_updated", entry, {"n": number})


async def test_nobody_hears_what_is_for_somebody_else(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    other = uuid4()
    async with (
        listening(stream_url, bearer(Role.RIDER, account)) as mine,
        listening(stream_url, bearer(Role.DRIVER, other)) as theirs,
    ):
        await next_event(mine)
        await next_event(theirs)
        await tell(redis, other, 1)
        await tell(redis, account, 2)
        assert (await next_event(mine)).data == {"n": 2}
        assert (await next_event(theirs)).data == {"n": 1}


async def test_a_quiet_stream_is_kept_alive(stream_url: str, bearer: Bearer, account: UUID) -> None:
    async with listening(stream_url, bearer(Role.RIDER, account)) as reader:
        await next_event(reader)
        assert (await reader.next()).type == "comment"


async def test_what_was_missed_is_told_at_the_return(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    async with listening(stream_url, bearer(Role.RIDER, account)) as reader:
        hello = await next_event(reader)
    entries = [await tell(redis, account, number) for number in range(40)]
    for known, first in ((hello.id, 0), (entries[9], 10), (entries[39], 40)):
        headers = {**bearer(Role.RIDER, account), "Last-Event-ID": known}
        async with listening(stream_url, headers) as reader:
            assert (await next_event(reader)).id == known
            for number in range(first, 40):
                event = await next_event(reader)
                assert (event.id, event.data) == (entries[number], {"n": number})
            live = await tell(redis, account, 40)
            assert (await next_event(reader)).id == live
            await redis.xdel(stream_key(str(account)), live)


async def test_without_a_last_event_id_the_past_is_not_told(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    last = await tell(redis, account, 1)
    async with listening(stream_url, bearer(Role.RIDER, account)) as reader:
        assert (await next_event(reader)).id == last
        await tell(redis, account, 2)
        assert (await next_event(reader)).data == {"n": 2}


@pytest.mark.parametrize("known", ["1-1", "99999999999999-0", "nonsense"])
async def test_a_gap_that_cannot_be_replayed_asks_to_read_anew(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID, known: str
) -> None:
    last = await tell(redis, account, 1)
    async with listening(stream_url, {**bearer(Role.RIDER, account), "Last-Event-ID": known}) as reader:
        assert (await next_event(reader)).id == last
        assert (await next_event(reader)).type == "resync"
        await tell(redis, account, 2)
        assert (await next_event(reader)).data == {"n": 2}


async def test_what_has_lost_its_meaning_is_not_told(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    first = await tell(redis, account, 1)
    await tell(redis, account, 2, past)
    await tell(redis, account, 3)
    async with listening(stream_url, {**bearer(Role.DRIVER, account), "Last-Event-ID": first}) as reader:
        await next_event(reader)
        assert (await next_event(reader)).data == {"n": 3}
        await tell(redis, account, 4, past)
        await tell(redis, account, 5)
        assert (await next_event(reader)).data == {"n": 5}


async def test_the_newest_connection_of_an_account_wins(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    async with listening(stream_url, bearer(Role.RIDER, account)) as older:
        await next_event(older)
        async with listening(stream_url, bearer(Role.RIDER, account)) as newer:
            await next_event(newer)
            assert (await next_event(older)).type == "superseded"
            assert (await next_event(older)).type == "end"
            await tell(redis, account, 1)
            assert (await next_event(newer)).data == {"n": 1}


async def test_a_ticket_opens_one_stream(stream_url: str, redis: Redis, account: UUID) -> None:
    ticket = new_ticket()
    await redis.set(ticket_key(ticket), ticket_value(Actor(Role.RIDER, str(account), "jti", "identity")), ex=60)
    async with listening(stream_url, {}, ticket=ticket) as reader:
        assert (await next_event(reader)).data == {"account_id": to_public_id("acct", account)}
    async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
        again = await client.get(f"{stream_url}/v1/me/stream", params={"ticket": ticket})
    assert (again.status_code, again.json()["code"]) == (401, "invalid_ticket")


async def test_only_riders_and_drivers_who_are_known_listen(stream_url: str, bearer: Bearer) -> None:
    async with httpx.AsyncClient(base_url=stream_url, timeout=WAIT_SECONDS) as client:
        answers = [
            await client.get("/v1/me/stream"),
            await client.get("/v1/me/stream", headers={"Authorization": "Bearer x.y.z"}),
            await client.get("/v1/me/stream", headers=bearer(Role.OPERATOR)),
            await client.get("/v1/me/stream", headers=bearer(Role.SERVICE)),
            await client.post("/v1/me/stream"),
            await client.get("/v1/me"),
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 403, 405, 404]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_client_that_does_not_read_is_sent_away_and_resumes(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    async with listening(stream_url, bearer(Role.RIDER, account)) as reader:
        hello = await next_event(reader)
        # More at once than may wait for one client: they come in one read, faster than any client takes them.
        pipeline = redis.pipeline()
        for number in range(QUEUE_SIZE * 2):
            fields = {"type": "ride_updated", "data": json.dumps({"n": number}), "expires_at": ""}
            pipeline.xadd(stream_key(str(account)), cast("Any", fields))
        await pipeline.execute()
        seen, known = [], hello.id
        while (event := await next_event(reader)).type == "ride_updated":
            seen.append(event.data["n"])
            known = event.id
        assert event.type == "resync"
        assert (await next_event(reader)).type == "end"
    async with listening(stream_url, {**bearer(Role.RIDER, account), "Last-Event-ID": known}) as reader:
        await next_event(reader)
        while len(seen) < QUEUE_SIZE * 2:
            seen.append((await next_event(reader)).data["n"])
    assert seen == list(range(QUEUE_SIZE * 2))


async def stuck(client: httpx.AsyncClient) -> float:
    """How many clients were let go since they took nothing."""
    found = re.search(r'stream_closed_total\{reason="stuck"\} (\S+)', (await client.get("/metrics")).text)
    return float(found[1]) if found else 0.0


async def test_a_client_whose_buffers_are_full_is_let_go(
    stream_url: str, redis: Redis, bearer: Bearer, account: UUID
) -> None:
    address = httpx.URL(stream_url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((address.host, address.port))
        authorization = bearer(Role.RIDER, account)["Authorization"]
        client.sendall(f"GET /v1/me/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n".encode())
        client.recv(16)
        fields = {"type": "ride_updated", "data": json.dumps({"filler": "x" * 16_000}), "expires_at": ""}
        async with asyncio.timeout(WAIT_SECONDS), httpx.AsyncClient(base_url=stream_url, timeout=WAIT_SECONDS) as other:
            before = await stuck(other)
            while await stuck(other) == before:
                await redis.xadd(stream_key(str(account)), cast("Any", fields), maxlen=100, approximate=True)


async def test_the_process_is_ready_and_counts_its_streams(stream_url: str, bearer: Bearer, account: UUID) -> None:
    async with (
        listening(stream_url, bearer(Role.RIDER, account)) as reader,
        httpx.AsyncClient(timeout=WAIT_SECONDS) as client,
    ):
        await next_event(reader)
        await until_answers(f"{stream_url}/readyz")
        metrics = (await client.get(f"{stream_url}/metrics")).text
    assert "stream_connections " in metrics


async def test_streams_end_in_good_order_with_the_process(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, account: UUID
) -> None:
    port = free_port()
    spec = edge_spec("stream", port, settings)
    with Launcher() as launcher:
        process = launcher.start(spec, tmp_path / "stream.log")
        await until_answers(f"http://127.0.0.1:{port}/healthz")
        async with listening(f"http://127.0.0.1:{port}", bearer(Role.RIDER, account)) as reader:
            await next_event(reader)
            process.send_signal(signal.SIGTERM)
            assert (await next_event(reader)).type == "end"
        assert await asyncio.to_thread(process.wait, 60) == 0
        launcher.forget(process)


@pytest.mark.parametrize("forgets", [False, True], ids=["keeps its data", "loses its data"])
async def test_streams_outlive_a_restart_of_redis(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, account: UUID, forgets: bool
) -> None:
    server = EmbeddedRedis(tmp_path / "redis", "127.0.0.1", free_port(), "secret")
    server.create()
    own = {**settings, "redis_url": server.url()}
    with Launcher() as launcher, edge_process("stream", own, tmp_path) as url:
        with running(launcher, server.spec(), tmp_path / "redis.log"):
            async with Redis.from_url(server.url()) as redis:
                stream = listening(url, bearer(Role.RIDER, account))
                reader = await stream.__aenter__()
                await next_event(reader)
                await tell(redis, account, 1)
                assert (await next_event(reader)).data == {"n": 1}
        if forgets:
            for file in (tmp_path / "redis").rglob("*.aof"):
                os.truncate(file, 0)
            for file in (tmp_path / "redis").rglob("*.manifest"):
                file.unlink()
        with running(launcher, server.spec(), tmp_path / "redis.log"):
            async with Redis.from_url(server.url()) as redis:
                if forgets:
                    assert (await next_event(reader)).type == "resync"
                await tell(redis, account, 2)
                assert (await next_event(reader)).data == {"n": 2}
            await stream.__aexit__(None, None, None)


async def until_answers(address: str) -> None:
    async with asyncio.timeout(WAIT_SECONDS), httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
        while True:
            try:
                if (await client.get(address)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://ops.example.org", "https://ops.example.org"), ("https://else.example.org", None)]
)
async def test_only_pages_of_named_origins_may_listen(
    stream_url: str, redis: Redis, account: UUID, origin: str, allowed: str | None
) -> None:
    ticket = new_ticket()
    await redis.set(ticket_key(ticket), ticket_value(Actor(Role.RIDER, str(account), "jti", "identity")), ex=60)
    headers = {"Origin": origin}
    async with (
        httpx.AsyncClient(timeout=WAIT_SECONDS) as client,
        client.stream("GET", f"{stream_url}/v1/me/stream", params={"ticket": ticket}, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Vary"] == "Origin"
