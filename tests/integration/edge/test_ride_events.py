"""The events of one ride, and one live stream an account over several processes, through the real processes."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from chassis.auth import Role
from chassis.live_entries import stream_key
from ridesharing.matching.v1 import ride_service_pb2
from shared_kernel.errors import NotFound
from shared_kernel.ids import to_public_id
from tests.integration.edge.backends import Backends, filled
from tests.integration.edge.processes import edge_process
from tests.integration.edge.sse import WAIT_SECONDS, EventReader, listening

Bearer = Callable[..., dict[str, str]]
RIDE = uuid4()
EVENTS = f"/v1/rides/{to_public_id('ride', RIDE)}/events"


@pytest.fixture(scope="module")
def stream_urls(
    every_backend: Backends, jwks_file: Path, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    settings: dict[str, object] = {
        "jwks_file": jwks_file,
        "redis_url": redis_url,
        "matching_target": every_backend.address,
        "stream_heartbeat_seconds": 30,
    }
    folder = tmp_path_factory.mktemp("streams")
    (folder / "other").mkdir()
    with edge_process("stream", settings, folder) as one, edge_process("stream", settings, folder / "other") as other:
        yield one, other


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def account() -> UUID:
    return uuid4()


def stands_at(backends: Backends, version: int) -> None:
    """Let the ride be of a version."""
    answer = cast("ride_service_pb2.GetRideResponse", filled(ride_service_pb2.GetRideResponse()))
    answer.ride.version = version
    backends.answers["GetRide"] = answer


async def hint(redis: Redis, account: UUID) -> None:
    """Tell the account something, as notification_service does."""
    fields = {"type": "ride_updated", "data": json.dumps({"n": 1}), "expires_at": ""}
    await cast("Any", redis.xadd(stream_key(str(account)), cast("Any", fields)))


async def until_asked(backends: Backends, count: int) -> None:
    """Wait until the back ends were asked so many times."""
    async with asyncio.timeout(60):
        while len(backends.asked) < count:  # noqa: ASYNC110 (they live in another thread)
            await asyncio.sleep(0.01)


async def heard(reader: EventReader) -> tuple[str, str | None]:
    """The next event that is no heartbeat, and its id."""
    while (event := await reader.next()).type == "comment":
        pass
    return event.type, event.id


async def test_who_asks_too_often_is_refused_and_told_until_when(
    every_backend: Backends,
    backends: Backends,
    jwks_file: Path,
    redis_url: str,
    tmp_path: Path,
    bearer: Bearer,
    account: UUID,
) -> None:
    settings: dict[str, object] = {
        "jwks_file": jwks_file,
        "redis_url": redis_url,
        "matching_target": every_backend.address,
        "rest_reads_per_minute": 3,
    }
    stands_at(backends, 3)
    with edge_process("stream", settings, tmp_path) as url:
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as client:

            async def look(somebody: UUID) -> httpx.Response:
                return await client.get(EVENTS, params={"after_version": 2}, headers=bearer(Role.RIDER, somebody))

            answers = [await look(account) for _ in range(12)]
            assert (await look(uuid4())).status_code == 200
    assert (answers[0].status_code, answers[-1].status_code) == (200, 429)
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["Retry-After"]) >= 1
    assert len(backends.asked) < len(answers)


async def test_a_rides_state_is_told_whenever_its_version_grew(
    stream_urls: tuple[str, str], redis: Redis, backends: Backends, bearer: Bearer, account: UUID
) -> None:
    stands_at(backends, 3)
    async with listening(stream_urls[0], bearer(Role.RIDER, account), path=EVENTS) as reader:
        assert await heard(reader) == ("ride", "3")
        await hint(redis, account)
        stands_at(backends, 5)
        await hint(redis, account)
        assert await heard(reader) == ("ride", "5")
    assert backends.last("GetRide").ride_id == str(RIDE)


async def test_a_version_that_is_known_is_not_told_again(
    stream_urls: tuple[str, str], redis: Redis, backends: Backends, bearer: Bearer, account: UUID
) -> None:
    stands_at(backends, 4)
    known = {**bearer(Role.RIDER, account), "Last-Event-ID": "4"}
    async with listening(stream_urls[0], known, path=EVENTS) as reader:
        asked = len(backends.asked)
        await hint(redis, account)
        await until_asked(backends, asked + 1)
        stands_at(backends, 6)
        await hint(redis, account)
        assert await heard(reader) == ("ride", "6")


async def test_a_driver_who_loses_the_ride_is_told_so(
    stream_urls: tuple[str, str], redis: Redis, backends: Backends, bearer: Bearer, account: UUID
) -> None:
    stands_at(backends, 2)
    async with listening(stream_urls[0], bearer(Role.DRIVER, account), path=EVENTS) as reader:
        assert await heard(reader) == ("ride", "2")
        backends.answers["GetRide"] = NotFound("ride_not_found", "there is no such ride")
        await hint(redis, account)
        assert await heard(reader) == ("gone", None)
        assert (await heard(reader))[0] == "end"


async def test_a_long_poll_ends_with_the_next_version_or_with_nothing(
    stream_urls: tuple[str, str], redis: Redis, backends: Backends, bearer: Bearer, account: UUID
) -> None:
    stands_at(backends, 3)
    async with httpx.AsyncClient(
        base_url=stream_urls[0], headers=bearer(Role.RIDER, account), timeout=WAIT_SECONDS
    ) as client:
        at_once = await client.get(EVENTS, params={"after_version": 2})
        assert (at_once.status_code, at_once.json()["version"], at_once.headers["etag"]) == (200, 3, '"3"')
        nothing = await client.get(EVENTS, params={"after_version": 3, "wait_seconds": 0})
        assert (nothing.status_code, nothing.content) == (204, b"")
        asked = len(backends.asked)
        waiting = [asyncio.create_task(client.get(EVENTS, params={"after_version": 3})) for _ in range(2)]
        await until_asked(backends, asked + 2)
        stands_at(backends, 4)
        await hint(redis, account)
        assert [(await answer).json()["version"] for answer in waiting] == [4, 4]


async def test_only_those_of_a_ride_follow_it(
    stream_urls: tuple[str, str], backends: Backends, bearer: Bearer, account: UUID
) -> None:
    backends.answers["GetRide"] = NotFound("ride_not_found", "there is no such ride")
    async with httpx.AsyncClient(base_url=stream_urls[0], timeout=WAIT_SECONDS) as client:
        answers = [
            await client.get(EVENTS),
            await client.get(EVENTS, params={"ticket": "x"}),
            await client.get(EVENTS, headers=bearer(Role.OPERATOR)),
            await client.get(EVENTS, headers=bearer(Role.RIDER, account)),
            await client.get("/v1/rides/ride_x/events", headers=bearer(Role.RIDER, account)),
            await client.get(EVENTS, headers=bearer(Role.RIDER, account), params={"after_version": "-1"}),
        ]
    codes = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert codes == [
        (401, "token_required"),
        (401, "token_required"),
        (403, "role_not_allowed"),
        (404, "ride_not_found"),
        (400, "invalid_id"),
        (400, "invalid_request"),
    ]


async def test_a_ride_is_followed_beside_the_accounts_own_stream(
    stream_urls: tuple[str, str], redis: Redis, backends: Backends, bearer: Bearer, account: UUID
) -> None:
    stands_at(backends, 1)
    mine = bearer(Role.RIDER, account)
    async with listening(stream_urls[0], mine) as own, listening(stream_urls[0], mine, path=EVENTS) as ride:
        assert (await heard(own))[0] == "hello"
        assert await heard(ride) == ("ride", "1")
        stands_at(backends, 2)
        await hint(redis, account)
        assert (await heard(own))[0] == "ride_updated"
        assert await heard(ride) == ("ride", "2")


async def test_the_newest_connection_wins_over_one_in_another_process(
    stream_urls: tuple[str, str], redis: Redis, bearer: Bearer, account: UUID
) -> None:
    mine = bearer(Role.RIDER, account)
    async with listening(stream_urls[0], mine) as older:
        assert (await heard(older))[0] == "hello"
        async with listening(stream_urls[1], mine) as newer:
            assert (await heard(newer))[0] == "hello"
            assert (await heard(older))[0] == "superseded"
            assert (await heard(older))[0] == "end"
            async with listening(stream_urls[0], mine) as newest:
                assert (await heard(newest))[0] == "hello"
                assert (await heard(newer))[0] == "superseded"
                await hint(redis, account)
                assert (await heard(newest))[0] == "ride_updated"
