"""One connection's place in a live stream, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, StrEnum

from chassis.live_entries import EntryId, LiveEvent


class Sign(Enum):
    """What stands between events."""

    RESYNC = "resync"
    """Events may be missing here: the client has to read the state anew."""


class Ending(StrEnum):
    """Why this side ends a stream."""

    SUPERSEDED = "superseded"
    """The account has a newer connection."""
    SLOW = "slow"
    """More waited than may; what waited was dropped, and is replayed to who comes back."""
    SHUTDOWN = "shutdown"
    """The process ends: another one goes on."""
    GONE = "gone"
    """The client has left."""


class Subscription:
    """One connection's place in its stream and what waits to be sent, `queue_size` events at most."""

    __slots__ = ("_queue_size", "_stirred", "_waiting", "account", "ended", "ending", "number", "position", "slot")

    def __init__(self, account: str, slot: str, number: int, position: EntryId, queue_size: int) -> None:
        self.account = account
        self.slot = slot
        self.number = number
        self.position = position
        self.ending: Ending | None = None
        self.ended = asyncio.Event()
        self._queue_size = queue_size
        self._waiting: deque[LiveEvent | Sign] = deque()
        self._stirred = asyncio.Event()

    def offer(self, item: LiveEvent | Sign) -> bool:
        """Put an event in; False where too many wait already."""
        if len(self._waiting) >= self._queue_size:
            return False
        self._waiting.append(item)
        self._stirred.set()
        return True

    def end(self, ending: Ending, *, drop_waiting: bool = False) -> None:
        """End the connection, after what waits has been sent or at once. The first end counts."""
        if self.ending is not None:
            return
        self.ending = ending
        self.ended.set()
        if drop_waiting:
            self._waiting.clear()
        self._stirred.set()

    async def take(self, most: int | None = None) -> tuple[list[LiveEvent | Sign], bool]:
        """Wait for something; return all that waits, or at most so many, and whether the stream goes on after it."""
        await self._stirred.wait()
        count = len(self._waiting) if most is None else min(most, len(self._waiting))
        items = [self._waiting.popleft() for _ in range(count)]
        if not self._waiting and self.ending is None:
            self._stirred.clear()
        return items, self.ending is None or bool(self._waiting)
