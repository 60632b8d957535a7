"""Live streams last no longer than the token that they were opened with, so that a session that ended hears nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.auth import CLOCK_SKEW_SECONDS, Role, TokenSigner, TokenVerifier
from chassis.live_hub import Hub
from chassis.redis_client import open_redis, open_redis_for_reading
from rider_api.settings import EdgeSettings
from rider_api.stream.app import Streams, make_app
from rider_api.stream.bootstrap import make_streams
from rider_api.stream.rides import Rides, RideView
from rider_api.tickets import new_ticket, ticket_key, ticket_value
from shared_kernel.ids import to_public_id
from tests.fakes.identity_clock import SteppedClock
from tests.integration.chassis.stores import running

_LEFT_SECONDS = 0.2
_PATIENCE_SECONDS = 20.0
"""Far less than a stream lasts whose token goes on."""


class OneRide:
    """Every ride, as nothing happens to it."""

    async def read(self, ride_id: UUID, role: Role, token: str) -> RideView:
        return RideView(1, "{}")


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
async def streams(jwks_file: Path, redis_url: str, clock: SteppedClock) -> AsyncGenerator[Streams]:
    made = make_streams(EdgeSettings(jwks_file=jwks_file, redis_url=redis_url), clock)
    async with aclosing(open_redis(redis_url)) as redis, aclosing(open_redis_for_reading(redis_url)) as reader:
        hub = Hub(reader, redis, clock, uuid4(), queue_size=8)
        verifier = TokenVerifier.from_file(jwks_file, clock)
        async with running(hub.run()):
            yield replace(made, redis=redis, hub=hub, verifier=verifier, rides=cast("Rides", OneRide()))


@pytest.mark.parametrize("opened", ["with the token", "with a ticket", "of a ride"])
async def test_a_stream_ends_with_the_token_that_it_was_opened_with(
    streams: Streams, clock: SteppedClock, signing_keys: Path, opened: str
) -> None:
    token = TokenSigner.from_dir(signing_keys, "identity", clock).sign(str(uuid4()), Role.RIDER, 60)
    clock.advance(seconds=60 + CLOCK_SKEW_SECONDS - _LEFT_SECONDS)
    path, headers, ticket = "/v1/me/stream", {"Authorization": f"Bearer {token}"}, new_ticket()
    if opened == "with a ticket":
        await streams.redis.set(ticket_key(ticket), ticket_value(streams.verifier.verify(token)), ex=60)
        path, headers = f"{path}?ticket={ticket}", {}
    elif opened == "of a ride":
        path = f"/v1/rides/{to_public_id('ride', uuid4())}/events"

    transport = httpx.ASGITransport(app=cast("Any", make_app(streams)))
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            answer = await client.get(path, headers=headers)

    assert answer.status_code == 200
    assert "event: superseded" not in answer.text
    assert ("event: ride" if opened == "of a ride" else "event: hello") in answer.text
