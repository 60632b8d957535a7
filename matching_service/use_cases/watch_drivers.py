"""See whose device fell silent, and who is back: communications lost."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from matching_service.domain.shift import LOST_SECONDS
from matching_service.use_cases.dispatch_ports import LiveLocations
from matching_service.use_cases.going_offline import keep_shift
from matching_service.use_cases.ports import ShiftReader, Store
from shared_kernel.clock import Clock


class WatchDrivers:
    """A sweep; every replica may run it at once, since a mark that stands is not set again.

    Where live locations are lost as a whole, nobody falls silent by that: who is missing is marked only once this
    process has missed them for LOST_SECONDS, and the next pings come within five. While the store of locations does
    not answer, nobody is judged.
    """

    def __init__(self, store: Store, shifts: ShiftReader, locations: LiveLocations, clock: Clock) -> None:
        self._store = store
        self._shifts = shifts
        self._locations = locations
        self._clock = clock
        self._missed_since: dict[UUID, datetime] = {}

    async def __call__(self, limit: int) -> int:
        """Mark or unmark no more than `limit` drivers; return how many."""
        watched = await self._shifts.watched()
        heard_at = {position.driver_id: position.measured_at for position in await self._locations.snapshot()}
        now = self._clock.now()
        missed: dict[UUID, datetime] = {}
        turns: list[tuple[UUID, datetime | None]] = []
        for shift in watched:
            measured_at = heard_at.get(shift.driver_id)
            if measured_at is not None:
                since = datetime.fromtimestamp(measured_at, UTC)
            else:
                since = missed[shift.driver_id] = self._missed_since.get(shift.driver_id, now)
            since = max(since, shift.started_at)
            is_silent = (now - since).total_seconds() >= LOST_SECONDS
            if is_silent and not shift.is_silent:
                turns.append((shift.driver_id, since))
            elif shift.is_silent and not is_silent and measured_at is not None:
                turns.append((shift.driver_id, None))
        self._missed_since = missed
        for driver_id, silent_since in turns[:limit]:
            await self._mark(driver_id, silent_since)
        return min(len(turns), limit)

    async def _mark(self, driver_id: UUID, silent_since: datetime | None) -> None:
        async with self._store.transaction() as tx:
            shift = await tx.lock_shift(driver_id)
            if shift is not None:
                turned = shift.heard() if silent_since is None else shift.silent(silent_since, self._clock.now())
                await keep_shift(tx, shift, turned, self._clock)
