"""The recipient of a delivery order has it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.delivery import MAX_HAND_OVER_FAILURES, Proof, ProofKind
from matching_service.domain.ride import Ride
from matching_service.domain.ride_delivery import hand_over_failed, handed_over
from matching_service.domain.ride_states import RideMove, RideState, next_state
from matching_service.use_cases.steps import driven_ride_of_answer, ride_of_driver, trip_was_made
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict

_PIN_INVALID = b"hand_over_pin_invalid"


@dataclass(frozen=True, slots=True)
class HandOver:
    """How the courier shows it: the recipient's PIN, or a reference to a photo or who signed."""

    kind: ProofKind
    pin: str = ""
    reference: str = ""
    age_checked: bool = False


@dataclass(frozen=True, slots=True)
class HandOverOrder:
    """HandOverOrder: completes the ride of a delivery, with the proof that the order asks for."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, ride_id: UUID, hand_over: HandOver) -> Ride:
        """Return the ride, completed; handed over before: as it stands.

        A wrong PIN is counted once for each request id.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_a_delivery`, `proof_mismatch`, `age_check_required`, `hand_over_pin_invalid`, `pin_locked`,
                `invalid_transition`.
        """
        told = (str(ride_id), hand_over.kind.value, hand_over.pin, hand_over.reference, str(hand_over.age_checked))
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "HandOverOrder", request_id, told))
            if answer == _PIN_INVALID:
                handed = None
            elif answer is not None:
                handed = await driven_ride_of_answer(tx, answer, driver_id)
            else:
                handed = await self._hand_over(tx, await ride_of_driver(tx, ride_id, driver_id), hand_over)
                # Committed also when the PIN is wrong: the try counts.
                await tx.complete(_PIN_INVALID if handed is None else handed.id.bytes)
        if handed is None:
            raise Conflict(
                "hand_over_pin_invalid", f"the PIN is wrong; {MAX_HAND_OVER_FAILURES} wrong ones lock the order"
            )
        return handed

    async def _hand_over(self, tx: Transaction, before: Ride, hand_over: HandOver) -> Ride | None:
        delivery = before.carried
        if before.state is RideState.COMPLETED:
            return before
        next_state(before.state, RideMove.COMPLETE_TRIP)
        delivery.refuse_unless_provable(hand_over.kind, age_checked=hand_over.age_checked)
        if hand_over.kind is ProofKind.PIN and not delivery.is_pin(hand_over.pin):
            await tx.save_ride(before, hand_over_failed(before))
            return None
        now = self.clock.now()
        ride = handed_over(before, Proof(hand_over.kind, hand_over.reference), now)
        await trip_was_made(tx, before, ride, now)
        return ride
