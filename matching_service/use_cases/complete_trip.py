"""The trip was made."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_trip
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver, trip_was_made
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class CompleteTrip:
    """CompleteTrip: the driver is free again, the capture of the fare is owed from here on."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID) -> Ride:
        """Return the ride; completed before: as it stands.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `invalid_transition`, `not_a_passenger` (a delivery is handed over).
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "CompleteTrip", request_id, (str(ride_id),)))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if ride.state is not RideState.COMPLETED:
                before, now = ride, self.clock.now()
                if before.delivery is not None:
                    raise Conflict("not_a_passenger", "the ride carries an order: hand it over with its proof instead")
                ride = ride_trip.completed(before, now)
                await trip_was_made(tx, before, ride, now)
            await tx.complete(ride.id.bytes)
            return ride
