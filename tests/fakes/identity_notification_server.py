"""A real gRPC server that takes one-time codes as the contract of notification says, on a port of its own."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import TokenVerifier, current_actor
from chassis.interceptors import ServiceInterceptor
from chassis.personal_data import PersonalData, PersonalDataServicer
from chassis.server import KEEPALIVE_OPTIONS
from ridesharing.common.v1 import personal_data_service_pb2_grpc
from ridesharing.notification.v1 import notification_service_pb2 as pb
from ridesharing.notification.v1 import notification_service_pb2_grpc
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, DomainError, Unknown

Context = grpc.aio.ServicerContext[Any, Any]


class Keeper:
    """Knows nothing of people, until a test puts somebody in who does."""

    inner: PersonalData | None = None

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        return await self.inner.blockers(account_id) if self.inner else ()

    async def erase(self, account_id: UUID, request_id: str) -> None:
        if self.inner:
            await self.inner.erase(account_id, request_id)

    async def export(self, account_id: UUID, offset: int) -> tuple[Mapping[str, Sequence[Mapping[str, Any]]], bool]:
        return await self.inner.export(account_id, offset) if self.inner else ({}, False)


class RecordingNotifications(notification_service_pb2_grpc.NotificationServiceServicer):
    """Owes an SMS a key; fails, hangs or loses its answers while it is told to."""

    def __init__(self) -> None:
        self.target = ""
        self.owed: dict[str, pb.SendOneTimeCodeRequest] = {}
        self.callers: set[str] = set()
        self.calls = 0
        self.failure: DomainError | None = None
        self.hangs = False
        self.loses_answers = False
        self.personal_data = Keeper()
        self._arrived = asyncio.Condition()

    async def SendOneTimeCode(self, request: pb.SendOneTimeCodeRequest, context: Context) -> pb.SendOneTimeCodeResponse:
        self.calls += 1
        self.callers.add(current_actor().subject)
        async with self._arrived:
            self._arrived.notify_all()
        if self.failure is not None:
            raise self.failure
        known = self.owed.setdefault(request.request_id, request)
        if known != request:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        async with self._arrived:
            self._arrived.notify_all()
        if self.hangs:
            await asyncio.sleep(30)
        if self.loses_answers:
            raise Unknown("answer_lost", "it is done, and whoever asked does not know")
        return pb.SendOneTimeCodeResponse(notification_id=request.request_id.removeprefix("otp-"))

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: Context
    ) -> pb.ListNotificationsResponse:
        raise AssertionError("identity has no business with inboxes")

    async def MarkNotificationRead(
        self, request: pb.MarkNotificationReadRequest, context: Context
    ) -> pb.MarkNotificationReadResponse:
        raise AssertionError("identity has no business with inboxes")

    async def SummarizeDeliveries(
        self, request: pb.SummarizeDeliveriesRequest, context: Context
    ) -> pb.SummarizeDeliveriesResponse:
        raise AssertionError("identity has no business with deliveries")

    def codes_for(self, phone_number: str) -> list[str]:
        """The codes owed to a phone, or a mailbox, in order."""
        return [
            request.code
            for request in self.owed.values()
            if phone_number in (request.phone_number, request.mail_address)
        ]

    async def wait_for_code(self, phone_number: str, *, count: int = 1, seconds: float = 60) -> str:
        """Wait until so many codes are owed to a phone; return the last."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.codes_for(phone_number)) >= count)
        return self.codes_for(phone_number)[-1]

    async def wait_for_calls(self, at_least: int, *, seconds: float = 60) -> None:
        """Wait until so many calls were made, whatever became of them."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: self.calls >= at_least)


@asynccontextmanager
async def notification_server(jwks_file: Path, clock: Clock | None = None) -> AsyncGenerator[RecordingNotifications]:
    """The server while it runs, with the access rules of the contract around it."""
    servicer = RecordingNotifications()
    interceptor = ServiceInterceptor(TokenVerifier.from_file(jwks_file, clock))
    server = grpc.aio.server(interceptors=(interceptor,), options=KEEPALIVE_OPTIONS)
    notification_service_pb2_grpc.add_NotificationServiceServicer_to_server(servicer, server)
    keeper = PersonalDataServicer(servicer.personal_data)
    personal_data_service_pb2_grpc.add_PersonalDataServiceServicer_to_server(keeper, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    servicer.target = f"127.0.0.1:{port}"
    try:
        yield servicer
    finally:
        await server.stop(0)
