"""One connection's place in a live stream, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
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
    """One connection's place in its stream and what waits to be sent, `queue_size` events at most.

    Made of little, since a process holds thousands: an event or a queue of asyncio's would each be as large as all of
    it. One task takes from it; any may wait for its end.
    """

    __slots__ = (
        "_ended",
        "_queue_size",
        "_stirring",
        "_until",
        "_waiting",
        "account",
        "ending",
        "number",
        "position",
        "slot",
    )

    def __init__(self, account: str, slot: str, number: int, position: EntryId, queue_size: int) -> None:
        self.account = account
        self.slot = slot
        self.number = number
        self.position = position
        self.ending: Ending | None = None
        self._queue_size = queue_size
        self._waiting: list[LiveEvent | Sign] = []
        self._stirring: asyncio.Future[bool] | None = None
        self._until = 0.0
        self._ended: asyncio.Event | None = None

    def offer(self, item: LiveEvent | Sign) -> bool:
        """Put an event in; False where too many wait already."""
        if len(self._waiting) >= self._queue_size:
            return False
        self._waiting.append(item)
        self._settle(is_stirred=True)
        return True

    def end(self, ending: Ending, *, drop_waiting: bool = False) -> None:
        """End the connection, after what waits has been sent or at once. The first end counts."""
        if self.ending is not None:
            return
        self.ending = ending
        if self._ended is not None:
            self._ended.set()
        if drop_waiting:
            self._waiting.clear()
        self._settle(is_stirred=True)

    async def until_ended(self) -> None:
        """Wait for the end, whatever still waits to be sent."""
        if self._ended is None:
            self._ended = asyncio.Event()
            if self.ending is not None:
                self._ended.set()
        await self._ended.wait()

    def stirring(self, seconds: float) -> asyncio.Future[bool]:
        """Return what is True once something waits or the end is there, False after so many seconds without.

        A future and no coroutine: while it is awaited, nothing but it is held. The hub tells when the time is over, for
        all at once, since a timer is as large as all of this. Of two at a time the later one counts.
        """
        loop = asyncio.get_running_loop()
        stirring: asyncio.Future[bool] = loop.create_future()
        if self._waiting or self.ending is not None:
            stirring.set_result(True)
            return stirring
        self._settle(is_stirred=False)
        self._stirring, self._until = stirring, loop.time() + seconds
        return stirring

    def lapse(self, now: float) -> None:
        """Tell who waits that nothing came, where its time is over at `now` (of the event loop)."""
        if self._stirring is not None and now >= self._until:
            self._settle(is_stirred=False)

    def take(self, most: int | None = None) -> tuple[list[LiveEvent | Sign], bool]:
        """Return all that waits, or at most so many, and whether the stream goes on after it."""
        items = self._waiting[:most]
        del self._waiting[:most]
        return items, self.ending is None or bool(self._waiting)

    def _settle(self, *, is_stirred: bool) -> None:
        stirring, self._stirring = self._stirring, None
        if stirring is not None and not stirring.done():
            stirring.set_result(is_stirred)
