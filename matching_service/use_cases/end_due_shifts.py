"""Take drivers offline who did not come back from a break or fell silent. The timers stand in rows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shift import LOST_SECONDS, EndReason
from matching_service.use_cases.going_offline import end_shift, keep_shift, lock_shift_without_offer, retrying
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import ShiftReader
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


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
        # Asked before the transaction: whoever was heard of just now is not silent, whatever the mark says.
        position = await self.locations.last(driver_id)
        heard = position is not None and self.clock.now().timestamp() - position.measured_at < LOST_SECONDS
        await retrying(lambda: self._end_unless_heard(driver_id, heard))

    async def _end_unless_heard(self, driver_id: UUID, heard: bool) -> None:
        async with self.store.transaction() as tx:
            shift = await lock_shift_without_offer(tx, driver_id, self.clock)
            now = self.clock.now()
            reason = None if shift is None else shift.due_reason(now)
            if shift is None or reason is None:
                return
            if reason is EndReason.SILENT and heard:
                await keep_shift(tx, shift, shift.heard(), self.clock)
            elif await tx.live_ride_id_of_driver(driver_id) is not None:
                await tx.save_shift(shift.given_time(now))
            else:
                await end_shift(tx, shift, self.clock, reason)
