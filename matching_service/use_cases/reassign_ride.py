"""An operator takes a ride from its driver before the trip."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.offer import ExclusionCause
from matching_service.domain.ride import Ride
from matching_service.use_cases.steps import ride_not_found, ride_of_answer, take_from_driver, withdraw_offers
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ReassignRide:
    """ReassignRide: the rider is matched again without that driver, and keeps the fare."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, operator_id: UUID, ride_id: UUID, words: str) -> Ride:
        """Return the ride, looking for a driver again.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `invalid_transition`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(operator_id, "ReassignRide", request_id, (str(ride_id), words)))
            if answer is not None:
                return await ride_of_answer(tx, answer)
            before = await tx.lock_ride(ride_id)
            if before is None:
                raise ride_not_found()
            now = self.clock.now()
            told, _ = await withdraw_offers(tx, before, now)
            # Refused, with all that was withdrawn, where no driver is on the way or at the pickup.
            ride = ride_search.reassigned(told, words, now)
            await take_from_driver(tx, before, ride, ExclusionCause.REASSIGNED, now)
            await tx.complete(ride.id.bytes)
            return ride
