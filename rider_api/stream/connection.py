"""One live stream as an ASGI answer: hello, replay, live events, heartbeats, an end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
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
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Proxies that buffer would hold events back.
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """The answer to `GET /v1/me/stream`."""

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
        self._clock = clock
        self._account = account
        self._resumption = resumption
        self._heartbeat_seconds = heartbeat_seconds
        self._max_age_seconds = max_age_seconds
        self._send_seconds = 2 * heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client leaves, is superseded or slow, or the process ends."""
        del scope
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        subscription = self._hub.subscribe(str(self._account), self._resumption.after, self._slot)
        watching = asyncio.create_task(_end_with_client(receive, subscription))
        try:
            async for chunk in self._chunks(subscription):
                async with asyncio.timeout(self._send_seconds):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # The client's buffers are full and it does not read: nothing can be told to it, not even a resync.
            STREAM_CLOSED.labels("stuck").inc()
        finally:
            watching.cancel()
            self._hub.unsubscribe(subscription)

    async def _chunks(self, subscription: Subscription) -> AsyncIterator[bytes]:
        yield self._opening()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._max_age_seconds
        goes_on = True
        while goes_on:
            try:
                async with asyncio.timeout(min(self._heartbeat_seconds, ends_at - loop.time())):
                    items, goes_on = await subscription.take()
                chunk = frames_of(items)
                if not goes_on:
                    chunk += end_frame(subscription.ending)
            except TimeoutError:
                if loop.time() >= ends_at:
                    STREAM_CLOSED.labels("age").inc()
                    return
                chunk = HEARTBEAT
            if chunk:
                yield chunk

    def _opening(self) -> bytes:
        resumption, now = self._resumption, self._clock.now()
        hello = json.dumps({"account_id": to_public_id("acct", self._account)})
        frames = [RECONNECT, frame("hello", hello, resumption.position)]
        if resumption.gap:
            frames.append(RESYNC)
        frames.append(frames_of(event for event in resumption.missed if event.matters(now)))
        return b"".join(frames)


async def _end_with_client(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end(Ending.GONE, drop_waiting=True)
