"""Give captured money back to its rider: to the card, or into the wallet at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.orders import RefundOrder
from payment_service.domain.payment import Payment, Purpose
from payment_service.domain.refund import BorneBy, Refund
from payment_service.use_cases.answers import RefundAnswer
from payment_service.use_cases.begin_refund import begin_refund
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.refund_shares import bearer, shares_of_refund
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is to be refunded: of a payment, or of a ride's own payment. Without an amount, all that is left."""

    payment_id: UUID | None
    ride_id: UUID | None
    amount: Money | None
    reason: str
    borne_by: BorneBy | None


class CreateRefund:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, asked: RefundRequest) -> Refund:
        """Return the refund: paid, failed, or pending until the PSP tells.

        Raises:
            NotFound: `payment_not_found`.
            InvalidInput: `invalid_amount`, `currency_mismatch`, `invalid_borne_by`.
            Conflict: `not_captured`, `exceeds_captured`, `exceeds_wallet`, `payment_disputed`, `payment_busy` while
                another operation on the payment has an unknown outcome.
        """

        async def begin(work: Work) -> Step:
            payment, of_ride = await _locked(work, asked)
            other = await work.operations.open_of(payment.id)
            if other is not None:
                raise UnresolvedError(other.id)
            amount = payment.all_that_is_left() if asked.amount is None else asked.amount
            begun = payment.refund_begun(amount)
            if any(status.bars_refunds for status in await work.disputes.statuses_of_payment(payment.id)):
                raise Conflict("payment_disputed", "the card's bank decides about this payment")
            return await self._begin(work, begun, of_ride, amount, asked)

        answer = await self._mutate(request, begin)
        async with self._store.transaction() as work:
            refund_id = answer.refund_id if isinstance(answer, RefundAnswer) else await _asked_by(work, request)
            refund = None if refund_id is None else await work.refunds.get(refund_id)
        if refund is None:
            raise Conflict(
                "payment_busy", "another operation on the payment is not settled yet", retry_after_seconds=10.0
            )
        return refund

    async def _begin(
        self, work: Work, payment: Payment, of_ride: Sequence[Payment], amount: Money, asked: RefundRequest
    ) -> Step:
        now, borne_by = self._clock.now(), bearer(payment, asked.borne_by)
        shares = await shares_of_refund(work, of_ride, payment, amount, borne_by)
        refund, operation = await begin_refund(
            work,
            payment,
            amount,
            borne_by,
            shares,
            asked.reason,
            now,
            self._ids,
            lease_seconds=self._settle.lease_seconds,
        )
        return operation or RefundAnswer(refund.id)


async def _locked(work: Work, asked: RefundRequest) -> tuple[Payment, Sequence[Payment]]:
    """Lock what is refunded; before it the ride's own payment, which stands for the whole charge."""
    found = None if asked.payment_id is None else await work.payments.get(asked.payment_id)
    ride_id = asked.ride_id if found is None else found.ride_id
    own = None if ride_id is None else await work.payments.lock_of_ride(ride_id)
    payment = own
    if found is not None and (own is None or found.id != own.id):
        payment = await work.payments.lock(found.id)
    if payment is None or (asked.payment_id is not None and found is None):
        raise NotFound("payment_not_found", "there is no such payment")
    of_ride = [] if ride_id is None or payment.purpose is Purpose.TIP else await work.payments.all_of_ride(ride_id)
    return payment, of_ride


async def _asked_by(work: Work, request: RequestKey) -> UUID | None:
    operation_id = await work.requests.operation_of(request)
    if operation_id is None:
        return None
    order = (await work.operations.get(operation_id)).order
    return order.refund_id if isinstance(order, RefundOrder) else None
