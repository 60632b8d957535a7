"""A driver goes offline."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shift import EndReason, Shift
from matching_service.use_cases.going_offline import retrying, take_offline
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class EndShift:
    """EndShift: at once, or after the ride under way; an open offer is declined."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID) -> Shift:
        """Return the shift; without an end when it ends after the ride. Offline already: the last shift.

        Raises:
            NotFound: `no_open_shift`, for a driver who never went online.
        """
        request = RequestKey(driver_id, "EndShift", request_id)
        return await retrying(lambda: self._end(request, driver_id))

    async def _end(self, request: RequestKey, driver_id: UUID) -> Shift:
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is None:
                await take_offline(tx, driver_id, self.clock, EndReason.ASKED)
                await tx.complete(b"ended")
            shift = await tx.last_shift(driver_id)
            if shift is None:
                raise NotFound("no_open_shift", "the driver is offline")
            return shift
