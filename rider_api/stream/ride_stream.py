"""The events of one ride: its state whenever that has changed, as a stream or by long polling.

What comes by the account's live stream is only a hint to look: the ride is read anew, and told if its version is later
than the one that was told last. So nothing is replayed and nothing can be missed, whatever became of Redis; ids of
these events are versions. A ride is looked at with each heartbeat as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from chassis.live_subscription import Ending, Subscription
from rider_api.stream.connection import RECONNECT, EventStream
from rider_api.stream.frames import HEARTBEAT, SUPERSEDED, versioned_frame
from rider_api.stream.rides import RideView
from shared_kernel.errors import DomainError, NotFound, Unauthenticated

Look = Callable[[], Awaitable[RideView]]
_GONE = b"event: gone\ndata: {}\n\n"


class RideStream(EventStream):
    """The answer to `GET /v1/rides/{id}/events`: `ride` events; `gone` when the ride is not the caller's any more."""

    __slots__ = ("_known", "_look")

    def watch(self, look: Look, first: RideView, known: int) -> RideStream:
        """Say how to look at the ride, how it stood at first, and which version the client knows (0 for none)."""
        self._look, self._known = look, known
        self._opening = RECONNECT + self._news(first)
        return self

    async def _next(self, subscription: Subscription, *, is_stirred: bool) -> tuple[bytes, bool]:
        chunk = b""
        if is_stirred:
            _, goes_on = subscription.take()
            if not goes_on:
                # Superseded, or the process ends; what else waited were hints.
                return (SUPERSEDED if subscription.ending is Ending.SUPERSEDED else b""), False
        else:
            chunk = HEARTBEAT
        try:
            return chunk + self._news(await self._look()), True
        except NotFound:
            return _GONE, False
        except Unauthenticated:
            # The token is over: the client comes back with another one.
            return chunk, False
        except DomainError:
            return chunk, True

    def _news(self, view: RideView) -> bytes:
        if view.version <= self._known:
            return b""
        self._known = view.version
        return versioned_frame("ride", view.data, view.version)


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
        if await subscription.stirring(ends_at - loop.time()):
            _, goes_on = subscription.take()
        view = await look()
    if view.version <= after_version:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "no-store", "ETag": f'"{view.version}"'}
    return Response(view.data, headers=headers, media_type="application/json")
