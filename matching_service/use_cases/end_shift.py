"""A driver goes offline."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import ShiftEnded
from matching_service.domain.offer import ExclusionCause
from matching_service.domain.shift import Shift
from matching_service.use_cases.ports import RequestKey, Store, Transaction
from matching_service.use_cases.steps import close_unanswered
from shared_kernel.clock import Clock
from shared_kernel.errors import InFlight, NotFound

_TRIES = 4


class _RideInTheWayError(Exception):
    """An offer appeared between the look and the lock."""


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
        for _ in range(_TRIES):
            try:
                return await self._end(RequestKey(driver_id, "EndShift", request_id), driver_id)
            except _RideInTheWayError:
                continue
        raise InFlight("request_in_flight", "the driver is being offered rides just now", retry_after_seconds=0.5)

    async def _end(self, request: RequestKey, driver_id: UUID) -> Shift:
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is None:
                await self._decline_open_offer(tx, driver_id)
                await self._close(tx, driver_id)
                await tx.complete(b"ended")
            shift = await tx.last_shift(driver_id)
            if shift is None:
                raise NotFound("no_open_shift", "the driver is offline")
            return shift

    async def _decline_open_offer(self, tx: Transaction, driver_id: UUID) -> None:
        seen = await tx.open_offer_of_driver(driver_id)
        if seen is None:
            return
        ride = await tx.lock_ride(seen.ride_id)
        offer = await tx.open_offer_of_driver(driver_id)
        if ride is None or offer is None or offer.id != seen.id:
            raise _RideInTheWayError
        await close_unanswered(tx, ride, offer, ExclusionCause.DECLINED, self.clock.now())

    async def _close(self, tx: Transaction, driver_id: UUID) -> None:
        # Offers are made while the shift is kept open, so under this lock there is either none or one to see.
        shift = await tx.lock_shift(driver_id)
        if shift is None:
            return
        if await tx.open_offer_of_driver(driver_id) is not None:
            raise _RideInTheWayError
        if await tx.live_ride_id_of_driver(driver_id) is not None:
            await tx.save_shift(shift.ending_after_ride())
            return
        now = self.clock.now()
        ended = shift.ended(now)
        await tx.save_shift(ended)
        await tx.tell(ShiftEnded(ended, now))
