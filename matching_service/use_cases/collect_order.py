"""The courier takes a delivery order along from the shop."""

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

_CODE_INVALID = b"pickup_code_invalid"


@dataclass(frozen=True, slots=True)
class CollectOrder:
    """CollectOrder: with the shop's code where the order asks for one. Five wrong ones lock it."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, pickup_code: str) -> Ride:
        """Return the ride, carrying; collected before: as it stands.

        A wrong code is counted once for each request id; a code that the order does not ask for is not looked at.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_a_delivery`, `pickup_code_invalid`, `pin_locked`, `invalid_transition`.
        """
        request = RequestKey(driver_id, "CollectOrder", request_id, (str(ride_id), pickup_code))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer == _CODE_INVALID:
                collected = None
            elif answer is not None:
                collected = await driven_ride_of_answer(tx, answer, driver_id)
            else:
                collected = await self._collect(tx, await ride_of_driver(tx, ride_id, driver_id), pickup_code)
                # Committed also when the code is wrong: the try counts.
                await tx.complete(_CODE_INVALID if collected is None else collected.id.bytes)
        if collected is None:
            raise Conflict("pickup_code_invalid", f"the code is wrong; {MAX_PIN_FAILURES} wrong ones lock the order")
        return collected

    async def _collect(self, tx: Transaction, before: Ride, pickup_code: str) -> Ride | None:
        delivery = before.carried
        if before.state is RideState.IN_PROGRESS:
            return before
        next_state(before.state, RideMove.START_TRIP)
        if delivery.order.pickup_code_required:
            if ride_trip.is_pin_locked(before):
                raise Conflict("pin_locked", "too many wrong codes were entered: give the order back")
            if not hmac.compare_digest(before.start_pin.encode(), pickup_code.encode()):
                await tx.save_ride(before, ride_trip.pin_failed(before))
                return None
        now = self.clock.now()
        ride = ride_trip.started(before, now)
        await tx.save_ride(before, ride)
        await tx.tell(TripStarted(ride, now))
        return ride
