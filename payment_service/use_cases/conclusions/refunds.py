"""What the end of a refund's operation means. That the PSP accepted a refund does not end the refund itself."""

from __future__ import annotations

from payment_service.domain.orders import RefundOrder
from payment_service.domain.refund import RefundStatus
from payment_service.use_cases.answers import Answer, RefundAnswer
from payment_service.use_cases.conclusions.parts import Concluding, Definite, payment_of, reason_of
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.refund_effects import refund_failed, take_refund_in


async def refund_ended(concluding: Concluding, order: RefundOrder, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    work, now, ids = concluding.work, concluding.now, concluding.ids
    refund = await work.refunds.lock(order.refund_id)
    if refund is None:
        raise ValueError(f"operation {concluding.operation.id} is about a refund that is gone")
    if isinstance(outcome, Succeeded) and outcome.refund is not None:
        await take_refund_in(work, payment, refund, outcome.refund, now, ids)
    elif refund.status is RefundStatus.PENDING:
        await refund_failed(work, payment, refund, reason_of(outcome), now, ids)
    return RefundAnswer(refund.id)
