"""A delivery order cannot be handed over: it goes back to the shop."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.delivery import DeliveryFailure
from matching_service.domain.events import DeliveryFailed
from matching_service.domain.ride import Ride
from matching_service.domain.ride_delivery import delivery_failed
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class FailDelivery:
    """FailDelivery: whoever ordered is told why; the courier stays bound until the shop has the goods again."""

    store: Store
    clock: Clock

    async def __call__(
        self, request_id: str, driver_id: UUID, ride_id: UUID, cause: DeliveryFailure, words: str
    ) -> Ride:
        """Return the ride, returning; reported before: as it stands.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_a_delivery`, `invalid_transition`.
        """
        fields = (str(ride_id), cause.value, words)
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "FailDelivery", request_id, fields))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if ride.state is not RideState.RETURNING:
                before, now = ride, self.clock.now()
                ride = delivery_failed(before, cause, words, now)
                await tx.save_ride(before, ride)
                await tx.tell(DeliveryFailed(ride, now))
            await tx.complete(ride.id.bytes)
            return ride
