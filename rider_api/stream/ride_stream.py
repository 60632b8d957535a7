"""The events of one ride: its state whenever that has changed, as a stream or by long polling.

What comes by the account's live stream is only a hint to look: the ride is read anew, and told if its version is later
than the one that was told last. So nothing is replayed and nothing can be missed, whatever became of Redis; ids of
these events are versions. A ride is looked at with each heartbeat as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import Response

from chassis.live_metrics import STREAM_CLOSED
from chassis.live_subscription import Ending, Subscription
from rider_api.stream.connection import RECONNECT, EventStream
from rider_api.stream.frames import HEARTBEAT, SUPERSEDED, versioned_frame
from rider_api.stream.rides import RideView
from shared_kernel.errors import DomainError, NotFound, Unauthenticated

Look = Callable[[], Awaitable[RideView]]
_GONE = b"event: gone\ndata: {}\n\n"


class RideStream(EventStream):
    """The answer to `GET /v1/rides/{id}/events`: `ride` events; `gone` when the ride is not the caller's any more."""

    def watch(self, look: Look, first: RideView, known: int) -> RideStream:
        """Say how to look at the ride, how it stood at first, and which version the client knows (0 for none)."""
        self._look, self._first, self._known = look, first, known
        return self

    async def _chunks(self, subscription: Subscription) -> AsyncIterator[bytes]:
        view, told = self._first, self._known
        yield RECONNECT
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._max_age_seconds
        while loop.time() < ends_at:
            if view.version > told:
                told = view.version
                yield versioned_frame("ride", view.data, told)
            try:
                async with asyncio.timeout(min(self._heartbeat_seconds, ends_at - loop.time())):
                    _, goes_on = await subscription.take()
                if not goes_on:
                    # Superseded, or the process ends; what else waited were hints.
                    if subscription.ending is Ending.SUPERSEDED:
                        yield SUPERSEDED
                    return
            except TimeoutError:
                yield HEARTBEAT
            try:
                view = await self._look()
            except NotFound:
                yield _GONE
                return
            except Unauthenticated:
                # The token is over: the client comes back with another one.
                return
            except DomainError:
                continue
        STREAM_CLOSED.labels("age").inc()


async def next_version(
    subscription: Subscription, look: Look, first: RideView, after_version: int, wait_seconds: float
) -> Response:
    """Answer with the ride once its version is later than one, or with 204 when the wait is over.

    Raises:
        NotFound: the ride is not the caller's any more.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + wait_seconds
    view, goes_on = first, True
    while view.version <= after_version and goes_on and loop.time() < ends_at:
        try:
            async with asyncio.timeout_at(ends_at):
                _, goes_on = await subscription.take()
        except TimeoutError:
            pass
        view = await look()
    if view.version <= after_version:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "no-store", "ETag": f'"{view.version}"'}
    return Response(view.data, headers=headers, media_type="application/json")
