"""LiveService over gRPC."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import grpc

from chassis.auth import current_actor
from chassis.live_entries import read_entry_id, write_entry_id
from chassis.live_hub import Hub
from chassis.live_replay import Resumption
from chassis.runtime import Backoff, Wakeup
from notification_service.domain.seen import Follower, Position, Seen
from notification_service.entrypoints.live_connection import LiveBounds, LiveConnection
from notification_service.use_cases.keep_acknowledgements import KeepAcknowledgements, LivePositions
from ridesharing.notification.v1 import live_service_pb2 as pb
from ridesharing.notification.v1 import live_service_pb2_grpc
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError, InvalidInput, LimitExceeded

SERVICE_NAME = "ridesharing.notification.v1.LiveService"
_log = logging.getLogger(__name__)
_Context = grpc.aio.ServicerContext[Any, Any]
_HELLO_SECONDS = 10.0
_LAST_WRITE_SECONDS = 2.0
_IDLE_SECONDS = 5.0


class LiveServicer(live_service_pb2_grpc.LiveServiceServicer):
    """Live streams with acknowledgements."""

    def __init__(
        self,
        hub: Hub,
        resume: Callable[[str, str], Awaitable[Resumption]],
        positions: LivePositions,
        keep_acknowledgements: KeepAcknowledgements,
        clock: Clock,
        *,
        connections_max: int,
        bounds: LiveBounds,
    ) -> None:
        self._hub = hub
        self._resume = resume
        self._positions = positions
        self._keep = keep_acknowledgements
        self._clock = clock
        self._connections_max = connections_max
        self._bounds = bounds
        self._noted = Wakeup()

    # It writes by itself rather than yields, so that a client that reads nothing can be given up; the stubs know only
    # the other way.
    async def FollowLive(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request_iterator: AsyncIterator[pb.FollowLiveRequest], context: _Context
    ) -> None:
        actor = current_actor()
        follower = Follower(actor.account_id, actor.session_id)
        hello = await _first(request_iterator)
        if len(self._hub) >= self._connections_max:
            raise LimitExceeded("too_many_streams", "no more live streams fit in here", retry_after_seconds=5)
        resumption = await self._resumption(follower, hello)
        _log.info("a live stream was opened", extra={"app_version": hello.app_version, "gap": resumption.gap})
        account = str(follower.account_id)
        max_age_seconds = actor.seconds_left(self._clock.now(), self._bounds.max_age_seconds)
        subscription = self._hub.subscribe(account, resumption.after)
        connection = LiveConnection(
            account,
            subscription,
            resumption,
            replace(self._bounds, max_age_seconds=max_age_seconds),
            self._clock,
            lambda seen, kept: self._note(follower, seen, kept),
        )
        try:
            await connection.run(request_iterator, context.write)
        finally:
            self._hub.unsubscribe(subscription)

    async def write_acknowledgements(self) -> None:
        """Write for ever what apps acknowledge; the last of it when the service stops."""
        backoff = Backoff(first_seconds=0.1, cap_seconds=2.0)
        try:
            while True:
                await self._noted.wait(_IDLE_SECONDS)
                try:
                    await self._keep.write()
                    backoff.reset()
                except DomainError as error:
                    _log.warning("acknowledgements wait", extra={"reason": error.reason})
                    await asyncio.sleep(backoff.next_seconds())
                    self._noted.wake()
        finally:
            try:
                async with asyncio.timeout(_LAST_WRITE_SECONDS):
                    await self._keep.write()
            except (DomainError, TimeoutError):
                _log.warning("acknowledgements were left: their events come again")

    async def _resumption(self, follower: Follower, hello: pb.LiveHello) -> Resumption:
        """Find where to go on, and take what the client names as seen for acknowledged."""
        account, acknowledged = str(follower.account_id), await self._positions.of(follower)
        named = read_entry_id(hello.last_event_id) if hello.last_event_id else None
        begins = named or acknowledged
        resumption = await self._resume(account, write_entry_id(begins) if begins is not None else "")
        if begins is None:
            # It begins here: what comes before the first acknowledgement is not to be lost with the connection.
            await self._positions.keep({follower: resumption.after})
            return replace(resumption, gap=True)
        if named is not None and not resumption.gap and (acknowledged is None or named > acknowledged):
            self._note(follower, await self._positions.seen_between(follower, acknowledged, named), _nothing)
        return resumption

    def _note(self, follower: Follower, seen: Seen, kept: Callable[[Position], None]) -> None:
        self._keep.note(follower, seen, kept)
        self._noted.wake()


def _nothing(position: Position) -> None:
    """Nobody is told."""
    del position


async def _first(requests: AsyncIterator[pb.FollowLiveRequest]) -> pb.LiveHello:
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            async for request in requests:
                if request.HasField("hello"):
                    return request.hello
                break
    except TimeoutError:
        pass
    raise InvalidInput("hello_expected", "a live stream begins with hello")
