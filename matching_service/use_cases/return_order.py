"""A delivery order that could not be handed over is back at the shop."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.delivery import Proof, ProofKind
from matching_service.domain.events import OrderReturned
from matching_service.domain.ride import Ride
from matching_service.domain.ride_delivery import brought_back
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import driven_ride_of_answer, let_driver_go, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """ReturnOrder: the courier is free again; the fare and the fee of the return are captured."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, received_by: str) -> Ride:
        """Return the ride, returned; brought back before: as it stands. `received_by` took the goods at the shop.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_a_delivery`, `invalid_transition`.
        """
        async with self.store.transaction() as tx:
            request = RequestKey(driver_id, "ReturnOrder", request_id, (str(ride_id), received_by))
            answer = await tx.claim(request)
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await ride_of_driver(tx, ride_id, driver_id)
            if ride.state is not RideState.RETURNED:
                before, now = ride, self.clock.now()
                ride = brought_back(before, Proof(ProofKind.SIGNATURE, received_by), now)
                await tx.save_ride(before, ride)
                await tx.tell(OrderReturned(ride, now))
                await tx.count_earnings(driver_id, ride.terms.earnings(ride.owed))
                await let_driver_go(tx, driver_id, now, driven=True)
            await tx.complete(ride.id.bytes)
            return ride
