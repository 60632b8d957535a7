"""Identity as it really runs, on real stores, beside a notification server that records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.calls import Metadata
from chassis.clients import forward_token, open_channel
from chassis.database import Database
from chassis.status import rpc_errors
from identity_service.adapters.notification_client import GrpcCodeSender
from identity_service.bootstrap import Identity
from identity_service.settings import IdentitySettings
from identity_service.use_cases.erase_account import EraseAccount
from identity_service.use_cases.ports import Store
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from ridesharing.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from tests.fakes.identity_clock import SteppedClock
from tests.fakes.identity_notification_server import RecordingNotifications, notification_server

if TYPE_CHECKING:
    from ridesharing.identity.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub

PATIENCE_SECONDS = 60.0
"""So long a test waits for an answer: hundreds of calls at once queue up on a busy machine."""
_AREAS = (415, 212, 312, 202, 305)
_phones = count(0)


def new_phone() -> str:
    """A number set aside for fiction (555-0100 to 555-0199) that no other test uses."""
    area, line = divmod(next(_phones), 100)
    return f"+1{_AREAS[area]}55501{line:02d}"


@dataclass
class RunningIdentity:
    """A running identity and its surroundings."""

    stub: IdentityServiceAsyncStub
    channel: grpc.aio.Channel
    store: Store
    erase_account: EraseAccount
    target: str
    notifications: RecordingNotifications
    clock: SteppedClock
    keys: Path
    database_url: str
    redis_url: str

    async def request_code(self, phone: str, request_id: str = "") -> pb.RequestOtpResponse:
        with rpc_errors():
            return await self.stub.RequestOtp(
                pb.RequestOtpRequest(request_id=request_id or str(uuid4()), phone_number=phone, locale="en"),
                timeout=PATIENCE_SECONDS,
            )

    async def verify(
        self, phone: str, code: str, *, role: int = access_pb2.ROLE_RIDER, device: str = "device-1"
    ) -> pb.VerifyOtpResponse:
        with rpc_errors():
            return await self.stub.VerifyOtp(
                pb.VerifyOtpRequest(
                    phone_number=phone, code=code, role=access_pb2.Role.ValueType(role), device_id=device
                ),
                timeout=PATIENCE_SECONDS,
            )

    async def sign_in(
        self, phone: str = "", *, role: int = access_pb2.ROLE_RIDER, device: str = "device-1"
    ) -> pb.VerifyOtpResponse:
        phone = phone or new_phone()
        await self.request_code(phone)
        return await self.verify(phone, self.notifications.codes_for(phone)[-1], role=role, device=device)

    async def refresh(self, token: str) -> accounts_pb2.TokenPair:
        with rpc_errors():
            request = pb.RefreshTokensRequest(refresh_token=token)
            return (await self.stub.RefreshTokens(request, timeout=PATIENCE_SECONDS)).tokens

    def bearer(self, role: Role, subject: UUID | str, issuer: str = "cli") -> Metadata:
        signer = TokenSigner.from_dir(self.keys, issuer, self.clock)
        return forward_token(signer.sign(str(subject), role, 600))

    def bearer_partner(self, *scopes: str) -> Metadata:
        signer = TokenSigner.from_dir(self.keys, "identity", self.clock)
        return forward_token(signer.sign(str(UUID(int=6)), Role.PARTNER, 600, scopes=scopes))

    @property
    def operator(self) -> Metadata:
        return self.bearer(Role.OPERATOR, UUID(int=7))

    @property
    def admin(self) -> Metadata:
        return self.bearer(Role.ADMIN, UUID(int=8))

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def until_it_waits(self, task: asyncio.Task[Any]) -> None:
        """Wait until somebody waits for a lock, or the task is done without."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if task.done() or await self.fetch(waiting):
                    return
                await asyncio.sleep(0.02)

    async def events(self, aggregate_id: str, at_least: int) -> list[dict[bytes, bytes]]:
        """Wait until so many events about somebody are in the stream; return them in order."""
        redis = Redis.from_url(self.redis_url)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    entries: Any = await redis.xrange("events:identity")
                    mine = [fields for _, fields in entries if fields[b"aggregate_id"] == aggregate_id.encode()]
                    if len(mine) >= at_least:
                        return mine
                    await asyncio.sleep(0.02)
        finally:
            await redis.aclose()


Runner = Callable[..., AbstractAsyncContextManager[RunningIdentity]]


@pytest.fixture(scope="session")
def run_identity(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
) -> Runner:
    """`async with run_identity(setting=value)`: a service with a database and settings of its own.

    It waits for its connections, for notification and for providers of identities as long as a busy machine may take.
    """
    databases = count(8)

    @asynccontextmanager
    async def run(**overrides: object) -> AsyncGenerator[RunningIdentity]:
        database_url, clock = migrated_postgres_url("identity"), SteppedClock()
        redis_url = redis_url_for(next(databases) % 4 + 8)
        redis = Redis.from_url(redis_url)
        await redis.flushdb()
        await redis.aclose()
        async with notification_server(jwks_file, clock) as notifications:
            values: dict[str, Any] = {
                "identity_database_url": database_url,
                "identity_listen": "127.0.0.1:0",
                "notification_target": notifications.target,
                "identity_otp_pepper": "11" * 32,
                "identity_phone_key": "22" * 32,
                "identity_otp_interval_seconds": 0,
                "identity_otp_per_phone_per_hour": 1000,
                "identity_otp_per_address_per_hour": 1_000_000,
                "identity_otp_per_block_per_hour": 1_000_000,
                "identity_otp_wrong_guesses_per_address_per_hour": 1_000_000,
                "redis_url": redis_url,
                "jwks_file": jwks_file,
                "signing_keys_dir": signing_keys,
                "drain_seconds": 2,
            }
            values.update(overrides)
            settings = IdentitySettings(**values)
            with pytest.MonkeyPatch.context() as patch:
                patient = {
                    "Database": partial(Database, pool_timeout_seconds=PATIENCE_SECONDS),
                    "GrpcCodeSender": partial(GrpcCodeSender, timeout_seconds=PATIENCE_SECONDS),
                    "_PROVIDER_SECONDS": PATIENCE_SECONDS,
                }
                for name, value in patient.items():
                    patch.setattr(f"identity_service.bootstrap.{name}", value)
                service = Identity(settings, clock=clock)
            server = service.server()
            running = asyncio.create_task(server.run(settings.listen_address))
            target = await _started(server.started(), running)
            try:
                async with open_channel(target) as channel:
                    stub: Any = IdentityServiceStub(channel)
                    yield RunningIdentity(
                        stub,
                        channel,
                        service.store,
                        service.erase_account,
                        target,
                        notifications,
                        clock,
                        signing_keys,
                        database_url,
                        redis_url,
                    )
            finally:
                server.stop()
                await asyncio.wait_for(running, PATIENCE_SECONDS)

    return run


@pytest.fixture(scope="session")
async def identity(run_identity: Runner) -> AsyncGenerator[RunningIdentity]:
    """One identity for all tests that need no settings of their own."""
    async with run_identity() as running:
        yield running


async def _started(started: Awaitable[object], running: asyncio.Task[None]) -> str:
    waiting = asyncio.ensure_future(started)
    await asyncio.wait([waiting, running], timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    return str(waiting.result())
