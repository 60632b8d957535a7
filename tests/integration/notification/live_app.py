"""An app that follows its live stream by gRPC, for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID, uuid4

import grpc
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token
from chassis.live_entries import stream_key
from chassis.status import from_rpc_error
from ridesharing.notification.v1 import live_service_pb2 as pb
from ridesharing.notification.v1.live_service_pb2_grpc import LiveServiceStub
from shared_kernel.errors import DomainError

_PATIENCE_SECONDS = 60.0


class LiveApp:
    """One connection."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def hello(self, last_event_id: str = "") -> pb.LiveWelcome:
        """Say hello and return the welcome."""
        hello = pb.LiveHello(last_event_id=last_event_id, app_version="tests 1.0")
        await self.write(pb.FollowLiveRequest(hello=hello))
        answer = await self.read()
        assert answer.HasField("welcome"), answer
        return answer.welcome

    async def acknowledge(self, event_id: str) -> None:
        """Acknowledge an event and all before it."""
        await self.write(pb.FollowLiveRequest(acknowledgement=pb.LiveAcknowledgement(event_id=event_id)))

    async def close(self) -> None:
        """Close this side."""
        await self._call.done_writing()

    async def write(self, request: pb.FollowLiveRequest) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self._call.write(request)

    async def read(self) -> Any:
        """The next message, or `grpc.aio.EOF`. Raises the DomainError that ended the stream."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._call.read()
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None

    async def next(self) -> pb.LiveEvent:
        """The next event; heartbeats are passed over."""
        answer = await self.next_but_heartbeats()
        assert answer.HasField("event"), answer
        return answer.event

    async def next_but_heartbeats(self) -> pb.FollowLiveResponse:
        while (answer := await self.read()) is not grpc.aio.EOF:
            if not answer.HasField("heartbeat"):
                return answer
        raise AssertionError("the stream has ended")

    async def kept(self, event_id: str) -> None:
        """Read heartbeats until the acknowledgement of an event is kept."""
        while True:
            answer = await self.read()
            if answer.HasField("heartbeat") and answer.heartbeat.acknowledged_event_id == event_id:
                return

    async def end(self) -> DomainError | None:
        """Read on until the stream ends; the error it ended with."""
        try:
            while await self.read() is not grpc.aio.EOF:
                continue
        except DomainError as error:
            return error
        return None


class Phone:
    """A sign-in of an account, which opens connections."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        signer: TokenSigner,
        account_id: UUID | None = None,
        role: Role = Role.DRIVER,
        sign_in: str = "",
    ) -> None:
        self.account_id = account_id or uuid4()
        self._channel = channel
        self._signer = signer
        self._role = role
        self._sign_in = sign_in or str(uuid4())

    def on(self, channel: grpc.aio.Channel) -> Phone:
        """The same phone, where it reaches another server."""
        return Phone(channel, self._signer, self.account_id, self._role, self._sign_in)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[LiveApp]:
        """A connection before its hello."""
        token = self._signer.sign(str(self.account_id), self._role, 600, self._sign_in)
        call = cast("Any", LiveServiceStub(self._channel)).FollowLive(metadata=forward_token(token))
        try:
            yield LiveApp(call)
        finally:
            call.cancel()

    @asynccontextmanager
    async def following(self, last_event_id: str = "") -> AsyncGenerator[LiveApp]:
        """A connection after its welcome."""
        async with self.opened() as app:
            await app.hello(last_event_id)
            yield app


async def tell(redis: Redis, account_id: UUID, number: int, *, filler: int = 0, expires_at: str = "") -> str:
    """Append an entry to a live stream as the service's own sender does; its id."""
    data = json.dumps({"n": number, "filler": "x" * filler})
    fields = {"id": str(uuid4()), "type": "ride_updated", "data": data, "expires_at": expires_at}
    return cast("bytes", await redis.xadd(stream_key(str(account_id)), cast("Any", fields))).decode()


def number_of(event: pb.LiveEvent) -> int:
    """What `tell` was given."""
    return cast("int", json.loads(event.data_json)["n"])
