"""Take drivers offline who did not come back from a break or fell silent. The timers stand in rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shift import LOST_SECONDS
from matching_service.use_cases.going_offline import end_shift, keep_shift, lock_shift_without_offer, retrying
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import ShiftReader
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


class _IsBackError(Exception):
    """Rolls the end back, and the declining of what the driver was asked meanwhile with it."""


@dataclass(frozen=True, slots=True)
class EndDueShifts:
    """A sweep; every replica may run it at once. A ride under way is never ended by it."""

    store: Store
    shifts: ShiftReader
    locations: LiveLocations
    clock: Clock

    async def __call__(self, limit: int = 100) -> int:
        """Look at no more than `limit` due shifts; return how many there were."""
        due = await self.shifts.due(self.clock.now(), limit)
        await one_by_one(due, self._end)
        return len(due)

    async def _end(self, driver_id: UUID) -> None:
        position = await self.locations.last(driver_id)
        if position is not None and self.clock.now().timestamp() - position.measured_at < LOST_SECONDS:
            # Whoever was heard of just now is not silent, whatever the mark says.
            await self._take_mark_away(driver_id)
        with suppress(_IsBackError):
            await retrying(lambda: self._end_if_due(driver_id))

    async def _take_mark_away(self, driver_id: UUID) -> None:
        async with self.store.transaction() as tx:
            shift = await tx.lock_shift(driver_id)
            if shift is not None:
                await keep_shift(tx, shift, shift.heard(), self.clock)

    async def _end_if_due(self, driver_id: UUID) -> None:
        async with self.store.transaction() as tx:
            shift = await lock_shift_without_offer(tx, driver_id, self.clock)
            now = self.clock.now()
            reason = None if shift is None else shift.due_reason(now)
            if shift is None or reason is None:
                raise _IsBackError
            if await tx.live_ride_id_of_driver(driver_id) is not None:
                await tx.save_shift(shift.given_time(now))
            else:
                await end_shift(tx, shift, self.clock, reason)
