"""What a driver wants of a shift: to be back from a break, to stop after one more ride, to go home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from matching_service.domain.heading import HEADINGS_A_DAY
from matching_service.domain.shift import EndReason, Shift
from matching_service.use_cases.going_offline import end_shift, keep_shift
from matching_service.use_cases.steps import no_open_shift, shift_of_answer
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import LimitExceeded
from shared_kernel.geo import GeoPoint

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangeShift:
    """EndBreak, SetLastRide, SetHeading: each changes the open shift; to want what is so already changes nothing."""

    store: Store
    clock: Clock

    async def end_break(self, request_id: str, driver_id: UUID) -> Shift:
        """Take offers again. One that comes after the break is over: the shift has ended.

        Raises NotFound `no_open_shift`.
        """
        return await self._change(RequestKey(driver_id, "EndBreak", request_id), self._back)

    async def set_last_ride(self, request_id: str, driver_id: UUID, wanted: bool) -> Shift:
        """Make the ride under way, or else the next one, the last; or take that back.

        Raises NotFound `no_open_shift`.
        """
        request = RequestKey(driver_id, "SetLastRide", request_id, (str(wanted),))

        async def change(tx: Transaction, shift: Shift) -> Shift:
            changed = shift.with_last_ride(wanted)
            if wanted and await tx.live_ride_id_of_driver(driver_id) is not None:
                changed = changed.bound()
            return await keep_shift(tx, shift, changed, self.clock)

        return await self._change(request, change)

    async def set_heading(self, request_id: str, driver_id: UUID, destination: GeoPoint | None) -> Shift:
        """Take only rides towards a place; None takes all rides again.

        Raises NotFound `no_open_shift`, LimitExceeded `heading_limit` after HEADINGS_A_DAY in 24 hours.
        """
        fields = ("",) if destination is None else (repr(destination.latitude), repr(destination.longitude))

        async def change(tx: Transaction, shift: Shift) -> Shift:
            changed = shift.heading_to(destination)
            if destination is not None and changed != shift:
                await self._count_heading(tx, shift, destination)
            return await keep_shift(tx, shift, changed, self.clock)

        return await self._change(RequestKey(driver_id, "SetHeading", request_id, fields), change)

    async def _count_heading(self, tx: Transaction, shift: Shift, destination: GeoPoint) -> None:
        # Under the shift's lock: two of one driver come one after the other.
        now = self.clock.now()
        recent = await tx.headings_since(shift.driver_id, now - _DAY)
        if len(recent) >= HEADINGS_A_DAY:
            again = (min(recent) + _DAY - now).total_seconds()
            raise LimitExceeded(
                "heading_limit",
                f"a destination may be set {HEADINGS_A_DAY} times in 24 hours",
                retry_after_seconds=max(1.0, again),
            )
        await tx.add_heading(shift.driver_id, destination, now)

    async def _back(self, tx: Transaction, shift: Shift) -> Shift:
        if shift.due_reason(self.clock.now()) is EndReason.BREAK_OVER:
            return await end_shift(tx, shift, self.clock, EndReason.BREAK_OVER)
        return await keep_shift(tx, shift, shift.back(self.clock.now()), self.clock)

    async def _change(self, request: RequestKey, change: Callable[[Transaction, Shift], Awaitable[Shift]]) -> Shift:
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            shift = await tx.lock_shift(request.principal)
            if answer is not None:
                return await shift_of_answer(tx, request.principal)
            if shift is None:
                raise no_open_shift()
            changed = await change(tx, shift)
            await tx.complete(shift.id.bytes)
            return changed
