"""A driver pauses."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shift import Shift
from matching_service.use_cases.going_offline import keep_shift, lock_shift_without_offer, retrying
from matching_service.use_cases.steps import no_open_shift, shift_of_answer
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class TakeBreak:
    """TakeBreak: no offers for a time; the shift is kept. An open offer is declined.

    Who is not back when the time is over is taken offline (EndDueShifts).
    """

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, seconds: int) -> Shift:
        """Return the shift with its break.

        Raises:
            NotFound: `no_open_shift`.
            Conflict: `break_open`; `active_ride` while a ride is under way.
        """
        request = RequestKey(driver_id, "TakeBreak", request_id, (str(seconds),))
        return await retrying(lambda: self._pause(request, driver_id, seconds))

    async def _pause(self, request: RequestKey, driver_id: UUID, seconds: int) -> Shift:
        async with self.store.transaction() as tx:
            if await tx.claim(request) is not None:
                return await shift_of_answer(tx, driver_id)
            shift = await lock_shift_without_offer(tx, driver_id, self.clock)
            if shift is None:
                raise no_open_shift()
            if await tx.live_ride_id_of_driver(driver_id) is not None:
                raise Conflict("active_ride", "a ride is under way; take the break after it")
            paused = await keep_shift(tx, shift, shift.on_break(self.clock.now(), seconds), self.clock)
            await tx.complete(shift.id.bytes)
            return paused
