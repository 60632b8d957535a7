"""The rider did not come to the pickup."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import RideCanceled
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import no_show
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import driven_ride_of_answer, let_driver_go, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ReportNoShow:
    """ReportNoShow: after the waiting time the ride is over and the fee is owed."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID) -> Ride:
        """Return the ride; reported before: as it stands.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `invalid_transition`, `too_early`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "ReportNoShow", request_id, (str(ride_id),)))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if ride.state is not RideState.NO_SHOW:
                before, now = ride, self.clock.now()
                ride = no_show(before, now)
                await tx.save_ride(before, ride)
                await tx.tell(RideCanceled(ride, now, driver_id))
                await let_driver_go(tx, driver_id, now, driven=True)
            await tx.complete(ride.id.bytes)
            return ride
