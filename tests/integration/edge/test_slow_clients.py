"""Clients that send slowly, or what is hard to read: the others are served."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from chassis.auth import Role
from rider_api.defaults import REST_THREADS
from rider_api.settings import RestSettings
from tests.integration.edge.backends import Backends
from tests.integration.edge.processes import edge_process

Bearer = Callable[..., dict[str, str]]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"
SLOW = REST_THREADS * 10


@pytest.fixture
def settings(edge_settings: RestSettings, backends: Backends) -> dict[str, object]:
    names = ("identity_target", "matching_target", "payment_target", "notification_target")
    more = ("jwks_file", "signing_keys_dir", "redis_url")
    kinds = ("reads", "writes", "sign_ins", "codes")
    limits: dict[str, object] = {f"rest_{kind}_per_minute": 1_000_000 for kind in kinds}
    return {name: getattr(edge_settings, name) for name in names + more} | limits


@pytest.fixture
def app_url(settings: dict[str, object], tmp_path: Path) -> Iterator[str]:
    with edge_process("rest", settings, tmp_path) as url:
        yield url


@contextlib.asynccontextmanager
async def slow_clients(url: str, *beginnings: str) -> AsyncGenerator[None]:
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
        yield
    finally:
        for task in tasks:
            task.cancel()
        for _, writer in opened:
            writer.close()


async def test_slow_heads_hold_nobody_up(settings: dict[str, object], tmp_path: Path, bearer: Bearer) -> None:
    # A head is read without a thread; a body holds one of them, which is why a proxy that buffers belongs in front.
    beginnings = (
        "GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow:",
        "POST /v1/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Slow:",
        "GET /v1/",
    )
    with edge_process("rest", settings, tmp_path) as url:
        async with slow_clients(url, *beginnings), httpx.AsyncClient(base_url=url, timeout=30) as client:
            answers = [await client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER)) for _ in range(20)]
            alive = await client.get("/healthz")
    assert {answer.status_code for answer in answers} == {200}
    assert alive.status_code == 200


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
    app_url: str, bearer: Bearer, body: bytes
) -> None:
    headers = {**bearer(Role.RIDER), "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=app_url, timeout=10) as client:
        answers = await asyncio.gather(*(client.post("/v1/quotes", content=body, headers=headers) for _ in range(10)))
        alive = await client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER))
    assert {answer.status_code for answer in answers} <= {400, 413}
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert alive.status_code == 200
