"""Bodies of requests, taken in whole before any thread works on them.

A body that comes a byte at a time costs a connection and the bytes that came, never a thread. Each has a time within
which it must be whole, and there is room for so many at a time: for one more, the one that has been coming longest is
sent away. So slow ones suffer first, whoever sends them, and those that come at once always find room.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

from rider_api.problems import Problem, ProblemError
from rider_api.rest.strict_json import MAX_BODY_BYTES
from rider_api.schemas.documents import MAX_DOCUMENT_BODY_BYTES

SMALL_AT_ONCE, LARGE_AT_ONCE = 1_024, 16
LARGE_BYTES_PER_SECOND = 16 * 1024
"""How fast a large body must come at least, beyond the time that any body has."""
# One more than any route takes, so that the route sees that it is too much.
_MOST_KEPT_BYTES = MAX_DOCUMENT_BODY_BYTES + 1
# What a client still sends is read, within a bound: an answer before it is done may be lost with the connection.
_MOST_READ_BYTES = _MOST_KEPT_BYTES + 1024 * 1024


class Incoming(Protocol):
    """A body on its way: all of it, or piece by piece; after the last piece comes an empty one."""

    def __call__(self) -> Awaitable[bytes]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...


class ClientGoneError(Exception):
    """The client left in the middle of the body."""


class Room:
    """Room for so many bodies at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[asyncio.Timeout, None] = {}

    def enter(self, timeout: asyncio.Timeout) -> None:
        """Count one more; the oldest is told that its time is over where there is no room."""
        if len(self._open) >= self._most:
            oldest = next(iter(self._open))
            del self._open[oldest]
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())
        self._open[timeout] = None

    def holds(self, timeout: asyncio.Timeout) -> bool:
        """Tell whether this one still has its place."""
        return timeout in self._open

    def leave(self, timeout: asyncio.Timeout) -> None:
        """One less."""
        self._open.pop(timeout, None)


class Bodies:
    """What is on its way, over all connections of the process; used on its event loop alone."""

    def __init__(self, seconds: float, small_at_once: int = SMALL_AT_ONCE, large_at_once: int = LARGE_AT_ONCE) -> None:
        """Make it.

        Args:
            seconds: within which a body must be whole; a large one has a second more for each 16 KiB that came.
            small_at_once: how many of at most 64 KiB may be on their way.
            large_at_once: how many larger ones, or ones of unknown length.
        """
        self._seconds = seconds
        self._small, self._large = Room(small_at_once), Room(large_at_once)

    async def take(self, length: int | None, incoming: Incoming) -> bytes:
        """Return a body when it is whole.

        Args:
            length: that was declared, in bytes; None where it comes in chunks.
            incoming: where it comes from.

        Raises:
            ProblemError: 408 `body_too_slow`, also where there was no room for it any more.
            ClientGoneError: the client left.
        """
        if length == 0:
            return b""
        is_small = length is not None and length <= MAX_BODY_BYTES
        room = self._small if is_small else self._large
        try:
            async with asyncio.timeout(self._seconds) as timeout:
                room.enter(timeout)
                try:
                    if is_small:
                        return await _whole(incoming)
                    return await self._piece_by_piece(length, incoming, timeout)
                finally:
                    room.leave(timeout)
        except TimeoutError:
            raise ProblemError(
                Problem(
                    408,
                    "body_too_slow",
                    f"the body was not whole in time: send it within {self._seconds:g} seconds",
                    retryable=True,
                    headers={"Connection": "close"},
                )
            ) from None

    async def _piece_by_piece(self, length: int | None, incoming: Incoming, time: asyncio.Timeout) -> bytes:
        began = asyncio.get_running_loop().time()
        kept = bytearray()
        read, is_over = 0, False
        async for piece in incoming:
            if is_over:
                # An empty piece ends a body, and stands for a connection that broke as well: then another one follows.
                raise ClientGoneError
            is_over = not piece
            kept += piece[: _MOST_KEPT_BYTES - len(kept)]
            read += len(piece)
            if read > _MOST_READ_BYTES:
                return bytes(kept)
            if self._large.holds(time) and not time.expired():
                time.reschedule(began + self._seconds + read / LARGE_BYTES_PER_SECOND)
        if length is not None and read < length:
            raise ClientGoneError
        return bytes(kept)


async def _whole(incoming: Incoming) -> bytes:
    try:
        return await incoming()
    except RuntimeError as error:
        # The server's own word for a connection that broke.
        raise ClientGoneError from error
