"""Clients that send slowly, or what is hard to read: the others are served."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import pytest

from chassis.auth import Role
from rider_api.defaults import REST_REFUSING_THREADS, REST_THREADS, REST_WAITING_MAX
from rider_api.settings import RestSettings
from tests.conftest import FIGURE
from tests.integration.edge.backends import Backends
from tests.integration.edge.processes import edge_process
from tests.integration.edge.sse import WAIT_SECONDS

Bearer = Callable[..., dict[str, str]]
Figures = Callable[[str], None]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"
# Twice as many as there are threads.
SLOW = (REST_THREADS + REST_WAITING_MAX + REST_REFUSING_THREADS) * 2
QUOTE = {
    "pickup": {"latitude": 37.788, "longitude": -122.4075},
    "dropoff": {"latitude": 37.7955, "longitude": -122.3937},
}


@pytest.fixture
def settings(edge_settings: RestSettings, backends: Backends) -> dict[str, object]:
    names = ("identity_target", "matching_target", "payment_target", "notification_target")
    more = ("jwks_file", "signing_keys_dir", "redis_url")
    kinds = ("reads", "writes", "sign_ins", "codes")
    limits: dict[str, object] = {f"rest_{kind}_per_minute": 1_000_000 for kind in kinds}
    return {name: getattr(edge_settings, name) for name in names + more} | limits


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """Take lines for the end of the report."""
    return lambda line: record_property(FIGURE, line)


@pytest.fixture
def app_url(settings: dict[str, object], tmp_path: Path) -> Iterator[str]:
    # There is a place for each of ten: who waits is refused after a second.
    with edge_process("rest", {**settings, "rest_threads": 2 * REST_THREADS}, tmp_path) as url:
        yield url


@contextlib.asynccontextmanager
async def slow_clients(url: str, *beginnings: str) -> AsyncGenerator[list[asyncio.StreamReader]]:
    """Many clients that begin a request, send a byte now and then, and never end."""
    where = urlsplit(url)
    opened = [await asyncio.open_connection(where.hostname, where.port) for _ in range(SLOW)]

    async def trickle(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(beginnings[number % len(beginnings)].encode())
        with contextlib.suppress(ConnectionError):
            while True:
                await writer.drain()
                await asyncio.sleep(0.2)
                writer.write(b" ")

    tasks = [asyncio.create_task(trickle(number, writer)) for number, (_, writer) in enumerate(opened)]
    try:
        yield [reader for reader, _ in opened]
    finally:
        for task in tasks:
            task.cancel()
        for _, writer in opened:
            writer.close()
        # Before the process is told to leave: it waits for what is on its way.
        await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)


async def asked_meanwhile(url: str, headers: dict[str, str]) -> list[httpx.Response]:
    """Answers to reads and to requests with bodies."""
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS, headers=headers) as client:
        reads = [await client.get(f"/v1/rides/{RIDE}") for _ in range(20)]
        wholes = [await client.post("/v1/quotes", json=QUOTE) for _ in range(20)]
        return [*reads, *wholes, await client.get("/healthz")]


def told_of(what: str, answers: Sequence[httpx.Response]) -> str:
    """Describe what the others were answered."""
    wrong = sum(answer.status_code >= 500 for answer in answers)
    return f"slow {what}: {SLOW} clients that send a byte at a time, {len(answers)} requests of others: 5xx {wrong}"


async def test_slow_heads_hold_nobody_up(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, figures: Figures
) -> None:
    beginnings = (
        "GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow:",
        "POST /v1/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Slow:",
        "GET /v1/",
    )
    with edge_process("rest", settings, tmp_path) as url:
        async with slow_clients(url, *beginnings):
            answers = await asked_meanwhile(url, bearer(Role.RIDER))
    assert {answer.status_code for answer in answers} == {200, 201}
    figures(told_of("heads", answers))


async def test_slow_bodies_hold_nobody_up(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, figures: Figures
) -> None:
    token = bearer(Role.RIDER)["Authorization"]
    head = f"HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    beginnings = (
        f"POST /v1/quotes {head}Content-Length: 60000\r\n\r\n{{",
        f"POST /v1/quotes {head}Content-Length: 900000\r\n\r\n{{",
        f"POST /v1/auth/otp {head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n8\r\n",
        f"GET /v1/me {head}Content-Length: 60000\r\n\r\n",
    )
    # None of the small ones is sent away while the others ask.
    with edge_process("rest", {**settings, "rest_body_seconds": 120}, tmp_path) as url:
        async with slow_clients(url, *beginnings) as readers:
            answers = await asked_meanwhile(url, bearer(Role.RIDER))
            still_open = sum(not reader.at_eof() for reader in readers)
    assert {answer.status_code for answer in answers} == {200, 201}
    assert still_open > SLOW / 2
    figures(told_of("bodies", answers))


async def test_a_body_that_is_not_whole_in_time_is_refused(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer
) -> None:
    token = bearer(Role.RIDER)["Authorization"]
    head = f"HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    beginnings = (
        f"POST /v1/quotes {head}Content-Length: 60000\r\n\r\n{{",
        f"POST /v1/quotes {head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\nffff\r\n",
    )

    async def told_to(beginning: str, where: SplitResult) -> bytes:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(beginning.encode())
        answer = await reader.read()
        writer.close()
        return answer

    with edge_process("rest", {**settings, "rest_body_seconds": 0.5}, tmp_path) as url:
        async with asyncio.timeout(WAIT_SECONDS):
            told = await asyncio.gather(*(told_to(item, urlsplit(url)) for item in beginnings * REST_THREADS))
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as client:
            metrics = (await client.get("/metrics")).text
    heads, bodies = zip(*(answer.split(b"\r\n\r\n", 1) for answer in told), strict=True)
    assert {head.split(b"\r\n")[0] for head in heads} == {b"HTTP/1.1 408 Request Timeout"}
    assert all(b"x-request-id" in head and b"application/problem+json" in head for head in heads)
    assert {json.loads(body)["code"] for body in bodies} == {"body_too_slow"}
    assert f'edge_intake_refused_total{{why="body_too_slow"}} {len(told)}.0' in metrics


async def test_a_body_that_broke_off_reaches_no_route(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, backends: Backends
) -> None:
    token = bearer(Role.RIDER)["Authorization"]
    head = f"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    body = json.dumps(QUOTE)
    with edge_process("rest", settings, tmp_path) as url:
        where = urlsplit(url)
        for begun in (
            f"{head}Content-Length: {len(body) + 1}\r\n\r\n{body}",
            f"{head}Content-Length: 90000\r\n\r\n{body}",
            f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n",
        ):
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(begun.encode())
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as client, asyncio.timeout(WAIT_SECONDS):
            # Each look is a request of its own: there is nothing to wait for but that.
            while 'edge_intake_refused_total{why="client_gone"} 3.0' not in (await client.get("/metrics")).text:
                pass
    assert backends.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 12_000,
        b"[" * 60_000,
        b'{"a":' + b"9" * 60_000 + b"}",
        b'{"a":"' + b"\\u0000" * 9_000 + b'"}',
        json.dumps({f"k{number}": number for number in range(5_000)}).encode(),
        b'{"a":1e' + b"9" * 5_000 + b"}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
    ],
    ids=["objects", "arrays", "digits", "nul", "names", "exponent", "bom", "utf-16"],
)
async def test_json_bombs_are_refused_and_leave_the_process_as_it_was(
    app_url: str, bearer: Bearer, body: bytes, request: pytest.FixtureRequest, figures: Figures
) -> None:
    headers = {**bearer(Role.RIDER), "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=app_url, timeout=WAIT_SECONDS) as client:
        answers = await asyncio.gather(*(client.post("/v1/quotes", content=body, headers=headers) for _ in range(10)))
        alive = await client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER))
    assert {answer.status_code for answer in answers} <= {400, 413}
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert alive.status_code == 200
    codes = sorted({answer.status_code for answer in answers})
    figures(f"JSON bomb of {request.node.callspec.id}: {len(body)} bytes, {len(answers)} at once, all answered {codes}")
