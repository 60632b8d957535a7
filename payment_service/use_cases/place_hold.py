"""Hold an amount for a ride: at most one hold a ride, whatever the request keys."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.operation import HoldOrder, Operation
from payment_service.domain.payment import Payment, PaymentStatus
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.mutate import Join, Mutate, Step, payment_after
from payment_service.use_cases.ports import RequestKey, Store, Work
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import AlreadyExists, Conflict, NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What is asked for; the card must be the rider's."""

    ride_id: UUID
    rider_id: UUID
    payment_method_id: UUID
    amount: Money


class PlaceHold:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, hold: HoldRequest) -> Payment:
        """Return the payment: held, declined, or pending while the outcome is unknown.

        Raises:
            NotFound: `payment_method_not_found`.
            Conflict: `ride_closed`, the ride was voided before or after its hold.
            AlreadyExists: `payment_exists`, the ride has a payment with another rider, card or amount.
        """

        async def begin(work: Work) -> Step:
            payment = Payment.begin(self._ids(), hold.ride_id, hold.rider_id, hold.payment_method_id, hold.amount)
            standing = await work.payments.lock_of_ride(hold.ride_id)
            if standing is None:
                method = await work.payment_methods.lock(hold.rider_id, hold.payment_method_id)
                if await work.payments.insert(payment):
                    order = HoldOrder(hold.ride_id, method.customer_id, method.psp_card_id, hold.amount)
                    operation = Operation.begin(
                        self._ids(),
                        order,
                        self._clock.now(),
                        self._settle.lease_seconds,
                        rider_id=hold.rider_id,
                        payment_id=payment.id,
                    )
                    await work.operations.insert(operation)
                    return operation
                standing = await work.payments.lock_of_ride(hold.ride_id)
            return await self._join(work, standing, hold)

        return await payment_after(self._store, await self._mutate(request, begin), hold.ride_id)

    async def _join(self, work: Work, standing: Payment | None, hold: HoldRequest) -> Step:
        if standing is None:
            raise NotFound("payment_not_found", "the payment of this ride is gone")
        if standing.status in (PaymentStatus.VOIDED, PaymentStatus.VOID_PENDING):
            raise Conflict(
                "ride_closed", "no payment may follow for this ride", metadata={"ride_id": str(hold.ride_id)}
            )
        if not standing.same_hold(hold.rider_id, hold.payment_method_id, hold.amount):
            raise AlreadyExists("payment_exists", "the ride has a different payment")
        if standing.status is PaymentStatus.HOLD_PENDING:
            operation = await work.operations.open_of(standing.id)
            if operation is not None:
                return Join(operation.id)
        return PaymentAnswer(standing)
