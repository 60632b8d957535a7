"""The driver waits at the pickup."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_trip
from matching_service.domain.events import DriverArrived
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver, withdraw_offers
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ArriveAtPickup:
    """ArriveAtPickup."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID) -> Ride:
        """Return the ride; arrived before: as it stands.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `invalid_transition`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "ArriveAtPickup", request_id, (str(ride_id),)))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if ride.state is not RideState.ARRIVED:
                before, now = ride, self.clock.now()
                # Somebody may have been asked to come instead: too late.
                told, _ = await withdraw_offers(tx, before, now)
                ride = ride_trip.arrived(told, now)
                await tx.save_ride(before, ride)
                await tx.tell(DriverArrived(ride, now))
            await tx.complete(ride.id.bytes)
            return ride
