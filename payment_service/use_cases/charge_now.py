"""What tips, top-ups and paid debts share: a card is charged at once, and the payment is the answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.orders import ChargeOrder
from payment_service.domain.payment import Payment
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import Answer, PaymentAnswer
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.errors import Conflict, Unknown
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


async def charge_now(
    work: Work, payment: Payment, method: PaymentMethod, now: datetime, lease_seconds: float, ids: IdSource
) -> Operation:
    """Write the intent to charge a payment that is written already; the caller sends it."""
    order = ChargeOrder(method.customer_id, method.psp_card_id, Money(payment.currency_code, payment.requested_minor))
    operation = Operation.begin(ids(), order, now, lease_seconds, rider_id=payment.rider_id, payment_id=payment.id)
    await work.operations.insert(operation)
    return operation


async def card_to_charge(work: Work, rider_id: UUID, payment_method_id: UUID | None) -> PaymentMethod:
    """Return the rider's card of this id, or their default one, kept so until the end.

    Raises:
        NotFound: `payment_method_not_found`.
        Conflict: `no_default_payment_method`.
    """
    if payment_method_id is None:
        payment_method_id = await work.payment_methods.default_of(rider_id)
    if payment_method_id is None:
        raise Conflict("no_default_payment_method", "the rider has no card: name one, or add one first")
    return await work.payment_methods.lock(rider_id, payment_method_id)


async def payment_told(store: Store, request: RequestKey, answer: Answer | None) -> Payment:
    """Return the payment an answer tells; for an outcome not known yet, the payment as it stands now.

    Raises:
        Unknown: `outcome_unknown`, nothing was begun, because a charge before this one is not settled yet.
    """
    if isinstance(answer, PaymentAnswer):
        return answer.payment
    async with store.transaction() as work:
        operation_id = await work.requests.operation_of(request)
        operation = None if operation_id is None else await work.operations.get(operation_id)
        if operation is None or operation.payment_id is None:
            raise Unknown("outcome_unknown", "an earlier charge is not settled yet", retry_after_seconds=1.0)
        return await work.payments.lock(operation.payment_id)
