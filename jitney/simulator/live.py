"""The live stream of a signed-in person, for as long as the simulation runs: server-sent events, or gRPC."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import grpc
import httpx

from jitney.simulator.api import ApiError, SignedIn, Unreachable
from jitney_client import LiveEvent
from ridesharing.notification.v1 import live_service_pb2 as pb
from ridesharing.notification.v1.live_service_pb2_grpc import LiveServiceStub

__all__ = ["AcknowledgedStream", "LiveEvent", "LiveStream"]

_RECONNECT_SECONDS = 0.5


class LiveStream:
    """Reads `/v1/me/stream` for as long as it is asked to.

    Each connection begins with a `resync` event, made of the stream's `hello`: whatever happened in between, the reader
    looks at the state. A person whose stream was opened elsewhere, or refused, opens it again.
    """

    def __init__(self, client: httpx.AsyncClient, person: SignedIn) -> None:
        self._stream = person.client.live(client)

    async def events(self) -> AsyncIterator[LiveEvent]:
        """Yield events for ever."""
        while True:
            try:
                async for event in self._stream.events():
                    yield event._replace(type="resync") if event.type == "hello" else event
            except ApiError:
                pass
            await asyncio.sleep(_RECONNECT_SECONDS)


class AcknowledgedStream:
    """Follows the live stream by gRPC, and acknowledges each event once it was taken; the same events otherwise.

    It comes back by itself after whatever ended a connection, and names the last event that it had.
    """

    def __init__(self, channel: grpc.aio.Channel, person: SignedIn, acknowledged: Callable[[], None]) -> None:
        self._stub = LiveServiceStub(channel)
        self._person = person
        self._acknowledged = acknowledged
        self._last_event_id = ""

    async def events(self) -> AsyncIterator[LiveEvent]:
        """Yield events for ever."""
        while True:
            try:
                async for event in self._connection(await self._person.token()):
                    yield event
            except (grpc.RpcError, ApiError, Unreachable, asyncio.InvalidStateError):
                # The service restarts, or the stream is elsewhere; a write on one that has ended is an invalid state.
                pass
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _connection(self, token: str) -> AsyncIterator[LiveEvent]:
        call = cast("Any", self._stub).FollowLive(metadata=(("authorization", f"Bearer {token}"),))
        try:
            hello = pb.LiveHello(last_event_id=self._last_event_id, app_version="jitney simulator")
            await call.write(pb.FollowLiveRequest(hello=hello))
            while isinstance(answer := await call.read(), pb.FollowLiveResponse):
                match answer.WhichOneof("step"):
                    case "welcome" | "resync":
                        yield LiveEvent("resync", {}, "")
                    case "event":
                        event = answer.event
                        yield LiveEvent(event.type, json.loads(event.data_json), event.event_id)
                        self._last_event_id = event.event_id
                        taken = pb.LiveAcknowledgement(event_id=event.event_id)
                        await call.write(pb.FollowLiveRequest(acknowledgement=taken))
                        self._acknowledged()
                    case _:
                        pass
        finally:
            call.cancel()
