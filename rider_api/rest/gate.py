"""The gate of the REST process: so many requests are worked on at a time, so many wait, the most urgent goes first.

Whoever comes when the waiting room is full takes the place of somebody less urgent, who is refused, or is refused. Who
waited as long as its urgency allows is refused: its client asks again, and an answer that late helps nobody. The last
places to work at are kept for what is more urgent, so that calls which hang do not hold trips up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

from chassis.urgency import Urgency

PATIENCE_SECONDS: Mapping[Urgency, float] = MappingProxyType(
    {Urgency.TRIP: 4.0, Urgency.USUAL: 2.0, Urgency.DEFERRABLE: 1.0}
)
_KEPT_SHARE = 1 / 6
"""Of the places to work at: kept for trips, and as many more for what is not deferrable."""


class _Waiter:
    __slots__ = ("admitted", "called")

    def __init__(self) -> None:
        self.called = threading.Lock()
        self.called.acquire()
        self.admitted = False


class Gate:
    """One gate a process; for threads."""

    def __init__(self, places: int, room: int, patience_seconds: Mapping[Urgency, float] = PATIENCE_SECONDS) -> None:
        """Make a gate.

        Args:
            places: requests that are worked on at a time.
            room: requests that may wait for a place.
            patience_seconds: how long each urgency waits at most.
        """
        kept = int(places * _KEPT_SHARE)
        self._limits = {
            Urgency.TRIP: places,
            Urgency.USUAL: max(1, places - kept),
            Urgency.DEFERRABLE: max(1, places - 2 * kept),
        }
        self._room = room
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._waiting: dict[Urgency, deque[_Waiter]] = {urgency: deque() for urgency in Urgency}
        self.working = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def enter(self, urgency: Urgency) -> bool:
        """Wait for a place; False where the request is refused. A place is to be left with `leave`."""
        with self._lock:
            if self.working < self._limits[urgency] and not self._others_first(urgency):
                self.working += 1
                return True
            if self.waiting >= self._room and not self._send_one_away(urgency):
                return False
            waiter = _Waiter()
            self._waiting[urgency].append(waiter)
        if not waiter.called.acquire(timeout=self._patience_seconds[urgency]):
            with self._lock:
                # Called between the time-out and here, or still in the room.
                if not waiter.admitted and waiter in self._waiting[urgency]:
                    self._waiting[urgency].remove(waiter)
        return waiter.admitted

    def leave(self) -> None:
        """Leave a place; the most urgent who waits and may take it does."""
        with self._lock:
            self.working -= 1
            for urgency in Urgency:
                while self._waiting[urgency] and self.working < self._limits[urgency]:
                    waiter = self._waiting[urgency].popleft()
                    waiter.admitted = True
                    self.working += 1
                    waiter.called.release()

    def _others_first(self, urgency: Urgency) -> bool:
        return any(self._waiting[other] for other in Urgency if other <= urgency)

    def _send_one_away(self, urgency: Urgency) -> bool:
        """Refuse the last who came of the least urgent, where that is less urgent than this one."""
        for other in sorted(Urgency, reverse=True):
            if other > urgency and self._waiting[other]:
                self._waiting[other].pop().called.release()
                return True
        return False
