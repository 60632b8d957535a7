"""An operator ends a live ride; nothing is charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.events import RideCanceled
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import canceled_by_platform
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import let_driver_go, ride_not_found, ride_of_answer, withdraw_offers
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ForceCancelRide:
    """ForceCancelRide: in any live state, the trip under way included."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, operator_id: UUID, ride_id: UUID, words: str) -> Ride:
        """Return the ride after it. Raises NotFound `ride_not_found`, Conflict `not_cancellable`."""
        request = RequestKey(operator_id, "ForceCancelRide", request_id, (str(ride_id), words))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is not None:
                return await ride_of_answer(tx, answer)
            ride = await tx.lock_ride(ride_id)
            if ride is None:
                raise ride_not_found()
            if ride.state is not RideState.CANCELED_BY_PLATFORM:
                ride = await cancel_by_platform(tx, ride, "operator_canceled", words, self.clock.now())
            await tx.complete(ride.id.bytes)
            return ride


async def cancel_by_platform(tx: Transaction, before: Ride, reason: str, words: str, now: datetime) -> Ride:
    """End a locked ride for the platform: withdraw its offer, let its driver go."""
    bound = before.driver.driver_id if before.has_driver and before.driver else None
    told, offered = await withdraw_offers(tx, before, now)
    ride = canceled_by_platform(told, reason, words, now)
    await tx.save_ride(before, ride)
    await tx.tell(RideCanceled(ride, now, bound or offered))
    if bound is not None:
        await let_driver_go(tx, bound, now)
    return ride
