"""What was sent on one connection and is not acknowledged yet: so much at most, then sending waits."""

from __future__ import annotations

import asyncio
from collections import deque

from chassis.live_entries import START, EntryId, LiveEvent, read_entry_id
from notification_service.domain.seen import Seen, notification_ids_of
from shared_kernel.errors import FieldViolation, InvalidInput


class Window:
    """The events that wait for acknowledgements, in the order in which they were sent."""

    __slots__ = ("_acknowledged", "_forgotten", "_freed", "_most", "_newest", "_waiting")

    def __init__(self, begins_after: EntryId, most: int) -> None:
        self._waiting: deque[LiveEvent] = deque()
        self._newest = self._acknowledged = begins_after
        self._forgotten = START
        self._most = most
        self._freed = asyncio.Event()

    @property
    def room(self) -> int:
        """How many events may be sent now."""
        return self._most - len(self._waiting)

    def sent(self, event: LiveEvent) -> None:
        """Note that an event is being sent."""
        self._waiting.append(event)
        self._newest = event.id

    def passed_over(self, event: LiveEvent) -> None:
        """Note that an event was not worth sending any more: who acknowledges a later one has done with it."""
        self._newest = max(self._newest, event.id)

    def begin_anew(self) -> None:
        """Note that the stream lost entries, and that the ids to come may be smaller than those that were sent."""
        self._forgotten = max(self._forgotten, self._newest)
        self._waiting.clear()
        self._newest = self._acknowledged = START
        self._freed.set()

    def acknowledge(self, event_id: str) -> Seen | None:
        """Take an acknowledgement of an event and all before it; None for what was acknowledged already.

        Raises:
            InvalidInput: `event_not_sent`, it names what is still to come.
        """
        position = read_entry_id(event_id)
        if position is not None and self._newest < position <= self._forgotten:
            return None
        if position is None or position > self._newest:
            violation = FieldViolation("acknowledgement.event_id", "must be of an event that was sent")
            raise InvalidInput("event_not_sent", "no such event was sent on this connection", violations=[violation])
        if position <= self._acknowledged:
            return None
        self._acknowledged = position
        seen: list[str] = []
        while self._waiting and self._waiting[0].id <= position:
            seen.append(self._waiting.popleft().notification_id)
        if seen:
            self._freed.set()
        return Seen(position, notification_ids_of(seen))

    async def wait_for_room(self) -> None:
        """Wait until something can be sent."""
        while self.room <= 0:
            self._freed.clear()
            await self._freed.wait()
