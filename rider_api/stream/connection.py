"""One live stream as an ASGI answer: hello, replay, live events, heartbeats, an end."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from uuid import UUID

from starlette.types import Receive, Scope, Send

from chassis.live_hub import OWN, Hub
from chassis.live_metrics import STREAM_CLOSED
from chassis.live_replay import Resumption
from chassis.live_subscription import Ending, Subscription
from rider_api.stream.frames import HEARTBEAT, RESYNC, end_frame, frame, frames_of
from shared_kernel.clock import Clock
from shared_kernel.ids import to_public_id

RECONNECT = b"retry: 2000\n\n"
STREAM_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        # Proxies that buffer would hold events back.
        (b"x-accel-buffering", b"no"),
    ],
}
HELD = "held_stream"
"""Where in a request's state a stream is put down by its route, to be sent by whoever stands around the application."""


class EventStream:
    """The answer to `GET /v1/me/stream`."""

    __slots__ = (
        "_account",
        "_after",
        "_heartbeat_seconds",
        "_hub",
        "_max_age_seconds",
        "_opening",
        "_slot",
    )

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        account: UUID,
        resumption: Resumption,
        *,
        heartbeat_seconds: float,
        max_age_seconds: float,
        slot: str = OWN,
    ) -> None:
        self._slot = slot
        self._hub = hub
        self._account = str(account)
        self._after = resumption.after
        self._opening = _opening(account, resumption, clock.now())
        self._heartbeat_seconds = heartbeat_seconds
        self._max_age_seconds = max_age_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the stream down, to be begun with STREAM_START and served: within the application, each of its layers
        would be held for as long as the stream lasts."""
        del receive, send
        scope["state"][HELD] = self

    async def serve(self, receive: Receive, send: Send) -> None:
        """Send events until the client leaves, is superseded or slow, or the process ends."""
        subscription = self._hub.subscribe(self._account, self._after, self._slot)
        watching = asyncio.create_task(_end_with_client(receive, subscription))
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._max_age_seconds
        chunk, goes_on = self._opening, True
        self._opening = b""
        try:
            while True:
                if chunk:
                    async with asyncio.timeout(2 * self._heartbeat_seconds):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                left = ends_at - loop.time()
                if not goes_on or left <= 0:
                    break
                chunk = b""  # not held while nothing happens
                is_stirred = await subscription.stirring(min(self._heartbeat_seconds, left))
                chunk, goes_on = await self._next(subscription, is_stirred=is_stirred)
            if goes_on:
                STREAM_CLOSED.labels("age").inc()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # The client's buffers are full and it does not read: nothing can be told to it, not even a resync.
            STREAM_CLOSED.labels("stuck").inc()
        finally:
            watching.cancel()
            self._hub.unsubscribe(subscription)

    async def _next(self, subscription: Subscription, *, is_stirred: bool) -> tuple[bytes, bool]:
        """Return what is to be sent now, and whether the stream goes on after it."""
        if not is_stirred:
            return HEARTBEAT, True
        items, goes_on = subscription.take()
        chunk = frames_of(items)
        return (chunk, True) if goes_on else (chunk + end_frame(subscription.ending), False)


def _opening(account: UUID, resumption: Resumption, now: datetime) -> bytes:
    hello = json.dumps({"account_id": to_public_id("acct", account)})
    frames = [RECONNECT, frame("hello", hello, resumption.position)]
    if resumption.gap:
        frames.append(RESYNC)
    frames.append(frames_of(event for event in resumption.missed if event.matters(now)))
    return b"".join(frames)


async def _end_with_client(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end(Ending.GONE, drop_waiting=True)
