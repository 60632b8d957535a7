"""The trip begins with the rider's PIN."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_trip
from matching_service.domain.events import TripStarted
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideMove, RideState, next_state
from matching_service.domain.ride_trip import MAX_PIN_FAILURES
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict

_PIN_INVALID = b"pin_invalid"


@dataclass(frozen=True, slots=True)
class StartTrip:
    """StartTrip: the PIN shows that the right rider sits in the right vehicle. Five wrong ones lock it."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, start_pin: str) -> Ride:
        """Return the ride; started before: as it stands.

        A wrong PIN is counted once for each request id.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `pin_invalid`, `pin_locked`, `invalid_transition`, `not_a_passenger` (a delivery is collected).
        """
        request = RequestKey(driver_id, "StartTrip", request_id, (str(ride_id), start_pin))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer == _PIN_INVALID:
                started = None
            elif answer is not None:
                started = await driven_ride_of_answer(tx, answer, driver_id)
            else:
                started = await self._start(tx, await ride_of_driver(tx, ride_id, driver_id), start_pin)
                # Committed also when the PIN is wrong: the try counts.
                await tx.complete(_PIN_INVALID if started is None else started.id.bytes)
        if started is None:
            raise Conflict("pin_invalid", f"the PIN is wrong; {MAX_PIN_FAILURES} wrong ones lock the ride")
        return started

    async def _start(self, tx: Transaction, before: Ride, start_pin: str) -> Ride | None:
        if before.state is RideState.IN_PROGRESS:
            return before
        if before.delivery is not None:
            raise Conflict("not_a_passenger", "the ride carries an order: collect it at the shop instead")
        next_state(before.state, RideMove.START_TRIP)
        if ride_trip.is_pin_locked(before):
            raise Conflict(
                "pin_locked",
                "too many wrong PINs were entered: the trip cannot start; give the ride back or report a no-show",
            )
        if not hmac.compare_digest(before.start_pin.encode(), start_pin.encode()):
            await tx.save_ride(before, ride_trip.pin_failed(before))
            return None
        now = self.clock.now()
        ride = ride_trip.started(before, now)
        await tx.save_ride(before, ride)
        await tx.tell(TripStarted(ride, now))
        return ride
