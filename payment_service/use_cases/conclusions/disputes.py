"""What the end of an operation on a dispute means."""

from __future__ import annotations

from payment_service.domain.orders import AcceptDisputeOrder, EvidenceOrder
from payment_service.use_cases.answers import Answer, DisputeAnswer, Refusal
from payment_service.use_cases.conclusions.parts import Concluding, Definite, payment_of, reason_of
from payment_service.use_cases.dispute_effects import take_dispute_in
from payment_service.use_cases.outcomes import Succeeded


async def evidence_submitted(concluding: Concluding, order: EvidenceOrder, outcome: Definite) -> Answer:
    return await _answered(concluding, order, outcome, "evidence_refused", "the PSP refused the evidence")


async def dispute_accepted(concluding: Concluding, order: AcceptDisputeOrder, outcome: Definite) -> Answer:
    return await _answered(concluding, order, outcome, "dispute_closed", "the PSP refused to close the dispute")


async def _answered(
    concluding: Concluding, order: EvidenceOrder | AcceptDisputeOrder, outcome: Definite, reason: str, message: str
) -> Answer:
    if not isinstance(outcome, Succeeded) or outcome.dispute is None:
        return Refusal("conflict", reason, message, reason_of(outcome))
    payment = await payment_of(concluding)
    work = concluding.work
    standing = await work.disputes.lock(order.dispute_id)
    if standing is None:
        raise ValueError(f"operation {concluding.operation.id} is about a dispute that is gone")
    if not standing.status.is_over:
        chosen = order.borne_by if isinstance(order, AcceptDisputeOrder) else None
        if chosen is not None and chosen is not standing.borne_by:
            # Only now: had the PSP refused, whose loss it is would stand as before.
            standing = standing.borne(chosen)
            await work.disputes.save(standing)
        await take_dispute_in(work, payment, outcome.dispute, standing.borne_by, concluding.now, concluding.ids)
    return DisputeAnswer(order.dispute_id)
