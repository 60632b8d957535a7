"""The driver comes to a stop on the way, and goes on from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import StopLeft, StopReached
from matching_service.domain.ride import Ride
from matching_service.domain.ride_route import stop_left, stop_reached
from matching_service.domain.stops import StopState
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ReachStop:
    """ReachStop: the stops of a trip are reached in their order."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, stop_id: UUID) -> Ride:
        """Return the ride; reached before: as it stands.

        Raises:
            NotFound: `ride_not_found`, `stop_not_found`.
            Conflict: `not_under_way`, `stop_out_of_order`, `invalid_stop_move`.
        """
        fields = (str(ride_id), str(stop_id))
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "ReachStop", request_id, fields))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if not _stands(ride, stop_id, StopState.REACHED):
                before, now = ride, self.clock.now()
                ride = stop_reached(before, stop_id, now)
                await tx.save_ride(before, ride)
                await tx.tell(StopReached(ride, now))
            await tx.complete(ride.id.bytes)
            return ride


@dataclass(frozen=True, slots=True)
class LeaveStop:
    """LeaveStop."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, stop_id: UUID) -> Ride:
        """Return the ride; left before: as it stands.

        Raises:
            NotFound: `ride_not_found`, `stop_not_found`.
            Conflict: `not_under_way`, `invalid_stop_move`.
        """
        fields = (str(ride_id), str(stop_id))
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "LeaveStop", request_id, fields))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if not _stands(ride, stop_id, StopState.LEFT):
                before, now = ride, self.clock.now()
                ride = stop_left(before, stop_id, now)
                await tx.save_ride(before, ride)
                await tx.tell(StopLeft(ride, now))
            await tx.complete(ride.id.bytes)
            return ride


def _stands(ride: Ride, stop_id: UUID, state: StopState) -> bool:
    return any(stop.id == stop_id and stop.state is state for stop in ride.stops)
