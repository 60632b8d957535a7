"""See whose device fell silent, and who is back: communications lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from matching_service.domain.positions import Positions
from matching_service.domain.shift import LOST_SECONDS
from matching_service.use_cases.going_offline import keep_shift
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.reader_ports import ShiftReader, WatchedShift
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


class WatchDrivers:
    """A sweep. One process is enough for it: it reads all shifts and all locations, and `has_turn` tells whose turn it
    is. Where two believe that it is theirs, a mark that stands is not set again.

    Where live locations are lost as a whole, nobody falls silent by that: who is missing is marked only once this
    process has missed them for LOST_SECONDS, and the next pings come within five. While a store does not answer, nobody
    is judged; nor for LOST_SECONDS after it, since it had no answer for the pings of that time either.
    """

    def __init__(
        self,
        store: Store,
        shifts: ShiftReader,
        locations: LiveLocations,
        clock: Clock,
        has_turn: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._shifts = shifts
        self._locations = locations
        self._clock = clock
        self._has_turn = has_turn
        self._missed_since: dict[UUID, float] = {}
        self._looks_since: float | None = float("-inf")
        """Since when every look had its answer; None after one that had none, or was another process' to make."""

    async def __call__(self, limit: int) -> int:
        """Mark or unmark no more than `limit` drivers; return how many."""
        looks_since, self._looks_since = self._looks_since, None
        if not self._has_turn():
            # Whom it missed when it last had the turn, it has not missed since.
            self._missed_since = {}
            return 0
        watched = await self._shifts.watched()
        snapshot = await self._locations.snapshot()
        now = self._clock.now().timestamp()
        self._looks_since = now if looks_since is None else looks_since
        turns = await asyncio.to_thread(self._judge, watched, snapshot, now, self._looks_since)
        for driver_id, silent_since in turns[:limit]:
            await self._mark(driver_id, silent_since)
        return min(len(turns), limit)

    def _judge(
        self, watched: Sequence[WatchedShift], snapshot: Positions, now: float, looks_since: float
    ) -> list[tuple[UUID, datetime | None]]:
        """Return who fell silent since when, and who is back (None); plain numbers, as there are tens of thousands."""
        heard_at = {position.driver_id: position.measured_at for position in snapshot}
        missed: dict[UUID, float] = {}
        turns: list[tuple[UUID, datetime | None]] = []
        for shift in watched:
            measured_at = heard_at.get(shift.driver_id)
            since = measured_at
            if since is None:
                since = missed[shift.driver_id] = self._missed_since.get(shift.driver_id, now)
            is_silent = now - max(since, looks_since) >= LOST_SECONDS
            if is_silent and not shift.is_silent:
                since_time = max(datetime.fromtimestamp(since, UTC), shift.started_at)
                if now - since_time.timestamp() >= LOST_SECONDS:
                    turns.append((shift.driver_id, since_time))
            elif shift.is_silent and measured_at is not None and now - measured_at < LOST_SECONDS:
                turns.append((shift.driver_id, None))
        self._missed_since = missed
        return turns

    async def _mark(self, driver_id: UUID, silent_since: datetime | None) -> None:
        async with self._store.transaction() as tx:
            shift = await tx.lock_shift(driver_id)
            if shift is not None:
                turned = shift.heard() if silent_since is None else shift.silent(silent_since, self._clock.now())
                await keep_shift(tx, shift, turned, self._clock)
