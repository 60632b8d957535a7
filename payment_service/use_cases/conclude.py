"""Write down what a definite outcome means: the guarded change, the postings, the event and the stored answer."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from payment_service.domain.charge import capture_postings, receipt_of
from payment_service.domain.events import HoldDeclined, HoldPlaced, HoldVoided, PaymentCaptured
from payment_service.domain.ledger import EntryKind, JournalEntry
from payment_service.domain.operation import (
    AddCardOrder,
    CaptureOrder,
    HoldOrder,
    Operation,
    OperationState,
    RemoveCardOrder,
    VoidOrder,
)
from payment_service.domain.payment import Payment
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import Answer, CardAdded, CardRemoved, PaymentAnswer, Refusal
from payment_service.use_cases.outcomes import ActionRequired, Declined, Succeeded
from payment_service.use_cases.ports import Work
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)

Definite = Succeeded | Declined | ActionRequired


class Conclude:
    """Ends operations. The caller holds the locks of the payment and of the operation."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids

    async def __call__(self, work: Work, operation: Operation, outcome: Definite) -> Answer:
        """End an operation in the caller's transaction and return its answer."""
        now = self._clock.now()
        order = operation.order
        match order:
            case HoldOrder():
                answer = await self._hold(work, operation, outcome, now)
            case CaptureOrder():
                answer = await self._capture(work, operation, order, outcome, now)
            case VoidOrder():
                answer = await self._void(work, operation, outcome, now)
            case AddCardOrder():
                answer = await self._add_card(work, order, outcome, now)
            case RemoveCardOrder():
                answer = CardRemoved()
        succeeded = isinstance(outcome, Succeeded)
        ended = replace(
            operation,
            state=OperationState.SUCCEEDED if succeeded else OperationState.REFUSED,
            psp_object_id=outcome.psp_object_id if isinstance(outcome, Succeeded) else operation.psp_object_id,
        )
        await work.operations.finish(ended, now, "" if succeeded else _reason(outcome))
        await work.requests.answer_waiting(operation.id, answer)
        return answer

    async def _hold(self, work: Work, operation: Operation, outcome: Definite, now: datetime) -> Answer:
        payment = await _payment_of(work, operation)
        if isinstance(outcome, Succeeded):
            payment = payment.hold_placed(outcome.psp_object_id)
        else:
            payment = payment.hold_declined(_reason(outcome))
        await work.payments.save(payment)
        await work.tell(HoldPlaced(payment) if isinstance(outcome, Succeeded) else HoldDeclined(payment), now)
        return PaymentAnswer(payment)

    async def _capture(
        self, work: Work, operation: Operation, order: CaptureOrder, outcome: Definite, now: datetime
    ) -> Answer:
        payment = await _payment_of(work, operation)
        if not isinstance(outcome, Succeeded):
            return await _refused(work, payment, outcome, "capture_refused", "the PSP refused to capture the hold")
        payment = payment.captured(order.total, order.driver_id, now)
        await work.payments.save(payment)
        await work.ledger.post(
            JournalEntry(
                id=self._ids(),
                kind=EntryKind.CAPTURE,
                source_id=payment.id,
                payment_id=payment.id,
                created_at=now,
                postings=tuple(capture_postings(order.lines, order.driver_id)),
            )
        )
        receipt = receipt_of(payment, order.lines, await _method_of(work, payment))
        await work.tell(PaymentCaptured(payment, receipt, order.driver_id), now)
        return PaymentAnswer(payment)

    async def _void(self, work: Work, operation: Operation, outcome: Definite, now: datetime) -> Answer:
        payment = await _payment_of(work, operation)
        if not isinstance(outcome, Succeeded):
            return await _refused(work, payment, outcome, "void_refused", "the PSP refused to release the hold")
        payment = payment.voided()
        await work.payments.save(payment)
        await work.tell(HoldVoided(payment), now)
        return PaymentAnswer(payment)

    async def _add_card(self, work: Work, order: AddCardOrder, outcome: Definite, now: datetime) -> Answer:
        if not isinstance(outcome, Succeeded) or outcome.card is None:
            reason = _reason(outcome)
            if reason == "invalid_card_token":
                return Refusal("invalid_input", reason, "the PSP does not know this card token", "", field="psp_token")
            return Refusal("conflict", "payment_declined", "the card was declined", reason)
        card = outcome.card
        customer_id = await work.payment_methods.customer_of(order.rider_id)
        method = await work.payment_methods.add(
            PaymentMethod(
                id=self._ids(),
                rider_id=order.rider_id,
                customer_id=customer_id or "",
                psp_card_id=card.psp_card_id,
                brand=card.brand,
                last_digits=card.last_digits,
                expire_month=card.expire_month,
                expire_year=card.expire_year,
                created_at=now,
            )
        )
        return CardAdded(method.id)


async def _payment_of(work: Work, operation: Operation) -> Payment:
    if operation.payment_id is None:
        raise ValueError(f"operation {operation.id} belongs to no payment")
    return await work.payments.lock(operation.payment_id)


async def _method_of(work: Work, payment: Payment) -> PaymentMethod:
    if payment.payment_method_id is None:
        raise ValueError(f"payment {payment.id} has no card")
    return await work.payment_methods.get(payment.payment_method_id)


async def _refused(work: Work, payment: Payment, outcome: Definite, reason: str, message: str) -> Answer:
    _log.error(message, extra={"payment_id": str(payment.id), "psp_reason": _reason(outcome)})
    await work.payments.save(payment.still_held())
    return Refusal("conflict", reason, message, _reason(outcome))


def _reason(outcome: Definite) -> str:
    if isinstance(outcome, Declined):
        return outcome.reason
    # Nobody is there to act: holds are placed while the rider waits for a car.
    return "authentication_required"
