"""One connection of a live stream by gRPC: welcome, what was missed, what happens, heartbeats, acknowledgements."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from chassis.live_entries import START, EntryId, LiveEvent, write_entry_id
from chassis.live_metrics import STREAM_CLOSED
from chassis.live_replay import Resumption
from chassis.live_subscription import Ending, Sign, Subscription
from notification_service.domain.seen import Position, Seen
from notification_service.entrypoints.live_window import Window
from notification_service.entrypoints.times import timestamp, timestamp_or_none
from ridesharing.notification.v1 import live_service_pb2 as pb
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, DomainError, InvalidInput, LimitExceeded, Unavailable

Write = Callable[[pb.FollowLiveResponse], Awaitable[object]]
Note = Callable[[Seen, Callable[[Position], None]], None]


@dataclass(frozen=True, slots=True)
class LiveBounds:
    """How a stream is kept alive and when it ends."""

    heartbeat_seconds: float = 15.0
    max_age_seconds: float = 1800.0
    """After this, or once its token is over, a client has to show a valid one again."""
    unacknowledged_max: int = 64
    patience_seconds: float = 30.0
    """How long a client may read nothing, or leave as much unacknowledged as may be."""


class LiveConnection:
    """Sends to one client until it leaves, or this side ends it."""

    def __init__(
        self,
        account_id: str,
        subscription: Subscription,
        resumption: Resumption,
        bounds: LiveBounds,
        clock: Clock,
        note: Note,
    ) -> None:
        self._account_id = account_id
        self._subscription = subscription
        self._resumption = resumption
        self._bounds = bounds
        self._clock = clock
        self._note = note
        self._window = Window(resumption.position, bounds.unacknowledged_max)
        self._kept: EntryId = START

    def kept(self, position: Position) -> None:
        """Take the news that acknowledgements up to here are kept."""
        self._kept = position

    async def run(self, requests: AsyncIterator[pb.FollowLiveRequest], write: Write) -> None:
        """Serve the client; returns where it closed its side or is to show a valid token again.

        Raises:
            DomainError: what the contract says; a client that is superseded stays away, any other comes back.
        """
        sending = asyncio.create_task(self._send(write))
        reading = asyncio.create_task(self._read(requests))
        ending = asyncio.create_task(self._subscription.until_ended())
        tasks = (sending, reading, ending)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._subscription.ending is not None:
            raise _error_of(self._subscription.ending)
        for task in (sending, reading):
            if not task.cancelled():
                task.result()

    async def _send(self, write: Write) -> None:
        await self._write(write, pb.FollowLiveResponse(welcome=self._welcome()))
        waiting: deque[LiveEvent | Sign] = deque(self._resumption.missed)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._bounds.max_age_seconds
        while loop.time() < ends_at:
            if self._subscription.ending is not None:
                # What waits is told to who comes back.
                return
            if self._window.room <= 0:
                await self._wait_for_room(write)
            elif not waiting:
                seconds = min(self._bounds.heartbeat_seconds, ends_at - loop.time())
                if await self._subscription.stirring(seconds):
                    items, _ = self._subscription.take(self._window.room)
                    waiting.extend(items)
                else:
                    await self._write(write, self._heartbeat())
            else:
                await self._tell(waiting.popleft(), write)
        STREAM_CLOSED.labels("age").inc()

    async def _tell(self, item: LiveEvent | Sign, write: Write) -> None:
        if isinstance(item, Sign):
            self._window.begin_anew()
            await self._write(write, pb.FollowLiveResponse(resync=pb.LiveResync()))
        elif item.matters(self._clock.now()):
            # First, so that an acknowledgement never comes before what it is of.
            self._window.sent(item)
            await self._write(write, pb.FollowLiveResponse(event=_event(item)))
        else:
            self._window.passed_over(item)

    async def _wait_for_room(self, write: Write) -> None:
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + self._bounds.patience_seconds
        while self._window.room <= 0:
            left = patient_until - loop.time()
            if left <= 0:
                STREAM_CLOSED.labels("unacknowledged").inc()
                raise _slow()
            try:
                async with asyncio.timeout(min(left, self._bounds.heartbeat_seconds)):
                    await self._window.wait_for_room()
            except TimeoutError:
                await self._write(write, self._heartbeat())

    async def _read(self, requests: AsyncIterator[pb.FollowLiveRequest]) -> None:
        async for request in requests:
            if not request.HasField("acknowledgement"):
                raise InvalidInput("acknowledgement_expected", "hello was said already")
            seen = self._window.acknowledge(request.acknowledgement.event_id)
            if seen is not None:
                self._note(seen, self.kept)

    async def _write(self, write: Write, response: pb.FollowLiveResponse) -> None:
        try:
            async with asyncio.timeout(self._bounds.patience_seconds):
                await write(response)
        except TimeoutError:
            STREAM_CLOSED.labels("stuck").inc()
            raise _slow() from None

    def _welcome(self) -> pb.LiveWelcome:
        return pb.LiveWelcome(
            account_id=self._account_id,
            event_id=write_entry_id(self._resumption.position),
            is_resumed=not self._resumption.gap,
            heartbeat_seconds=self._bounds.heartbeat_seconds,
            unacknowledged_max=self._bounds.unacknowledged_max,
        )

    def _heartbeat(self) -> pb.FollowLiveResponse:
        kept = write_entry_id(self._kept) if self._kept != START else ""
        return pb.FollowLiveResponse(heartbeat=pb.LiveHeartbeat(acknowledged_event_id=kept))


def _event(event: LiveEvent) -> pb.LiveEvent:
    return pb.LiveEvent(
        event_id=write_entry_id(event.id),
        type=event.type,
        data_json=event.data,
        notification_id=event.notification_id,
        expire_time=timestamp_or_none(event.expires_at),
        happen_time=timestamp(event.happened_at) if event.happened_at else None,
    )


def _slow() -> LimitExceeded:
    return LimitExceeded("slow_client", "too much was not read or not acknowledged; nothing is lost to who comes back")


def _error_of(ending: Ending) -> DomainError:
    if ending is Ending.SUPERSEDED:
        return Conflict("live_stream_superseded", "the account has opened its live stream elsewhere")
    if ending is Ending.SLOW:
        return _slow()
    return Unavailable("server_leaving", "this server is leaving; another one goes on", retry_after_seconds=1)
