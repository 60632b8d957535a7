"""A running server for the tests of the chassis, and its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from chassis.auth import Role, TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.interceptors import CallLimits
from chassis.redis_client import open_redis
from chassis.server import ServiceServer
from chassis.settings import Address, ChassisSettings
from tests.integration.chassis.echo import SERVICE, EchoServicer, EchoStub, register
from tests.integration.chassis.stores import METADATA, Stores


@dataclass
class Running:
    """A server under test."""

    servicer: EchoServicer
    server: ServiceServer
    address: Address
    keys: Path
    task: asyncio.Task[None]
    channels: list[Any] = field(default_factory=list[Any])

    def stub(self, issuer: str | None = None) -> EchoStub:
        """A stub whose calls carry the token of an issuer, or none."""
        signer = TokenSigner.from_dir(self.keys, issuer) if issuer else None
        channel = open_channel(str(self.address), signer)
        self.channels.append(channel)
        return EchoStub(channel)

    def raw_call(self, method: str, *, streamed: bool = False) -> Any:
        """A method that sends bytes as they are and gives bytes back."""
        channel = open_channel(str(self.address), None)
        self.channels.append(channel)
        return (channel.stream_stream if streamed else channel.unary_unary)(f"/{SERVICE}/{method}")

    def token(self, role: Role) -> str:
        """A token of a person in a role."""
        return TokenSigner.from_dir(self.keys, "identity").sign(str(uuid4()), role, 60)


def settings_for(jwks_file: Path, **changes: Any) -> ChassisSettings:
    """The settings of a server under test."""
    values: dict[str, Any] = {"drain_seconds": 5.0, **changes}
    return ChassisSettings(jwks_file=jwks_file, **values)


@pytest.fixture
async def echo(signing_keys: Path, jwks_file: Path) -> AsyncIterator[Running]:
    """An echo service with short limits."""
    servicer = EchoServicer()
    server = ServiceServer(
        settings_for(jwks_file),
        TokenVerifier.from_file(jwks_file),
        limits=CallLimits(default_seconds=3.0, most_seconds=20.0),
    )
    server.add(register, servicer, SERVICE)
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
    started = asyncio.create_task(server.started())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    running = Running(servicer, server, started.result(), signing_keys, task)
    yield running
    for channel in running.channels:
        await channel.close()
    servicer.release.set()
    server.stop()
    await asyncio.wait_for(task, 60)


@pytest.fixture
async def stores(postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str]) -> AsyncIterator[Stores]:
    """The tables of a service in a new database, and an empty Redis database."""
    # Twenty at once wait for eight connections, on a busy machine for as long as it takes.
    database = Database(postgres_url("chassis"), pool_size=8, pool_timeout_seconds=60)
    redis = open_redis(redis_url_for(9))
    await cast("Any", redis.flushdb())
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield Stores(database, redis)
    await redis.aclose()
    await database.dispose()
