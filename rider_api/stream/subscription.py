"""One connection's place in a live stream, and the frames that wait to be sent to it."""

from __future__ import annotations

import asyncio

from rider_api.stream.events import EntryId


class Subscription:
    """One connection's place in its stream and what waits to be sent. It ends by an end frame, or by none."""

    __slots__ = ("_queue", "account", "ended", "number", "position", "slot")

    def __init__(self, account: str, slot: str, number: int, position: EntryId, queue_size: int) -> None:
        self.account = account
        self.slot = slot
        self.number = number
        self.position = position
        self.ended = False
        # One place more than events may take: the end always fits.
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(queue_size + 2)

    def offer(self, data: bytes) -> bool:
        """Put a frame in; False where too many wait already."""
        if self._queue.qsize() >= self._queue.maxsize - 2:
            return False
        self._queue.put_nowait(data)
        return True

    def end(self, last_frame: bytes | None = None, *, drop_waiting: bool = False) -> None:
        """End the connection, after what waits has been sent or at once."""
        if self.ended:
            return
        self.ended = True
        while drop_waiting and not self._queue.empty():
            self._queue.get_nowait()
        if last_frame is not None:
            self._queue.put_nowait(last_frame)
        self._queue.put_nowait(None)

    async def take(self) -> tuple[bytes, bool]:
        """Wait for frames; returns all that wait, in one piece, and whether the stream goes on after them."""
        first = await self._queue.get()
        if first is None:
            return b"", False
        frames = [first]
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if item is None:
                return b"".join(frames), False
            frames.append(item)
        return b"".join(frames), True
