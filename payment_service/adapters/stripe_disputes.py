"""Disputes at Stripe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import stripe

from payment_service.adapters.stripe_amounts import from_stripe
from payment_service.adapters.stripe_calls import PAGE, name_of, seen, told
from payment_service.domain.dispute import DisputeStatus, SeenDispute
from payment_service.domain.operation import Operation
from payment_service.domain.orders import AcceptDisputeOrder, EvidenceOrder
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, Unknown
from payment_service.use_cases.psp_objects import SeenDisputes

_STATUS = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
_EVIDENCE_KEY = "evidence_op_id"


class StripeDisputes:
    """The part of `ports.PaymentServiceProvider` that is about disputes."""

    _api: stripe.V1Services

    async def submit_evidence(self, key: str, operation_id: UUID, order: EvidenceOrder) -> Outcome:
        async def call() -> Outcome:
            dispute = await self._api.disputes.update_async(
                order.psp_dispute_id,
                {
                    "evidence": cast("Any", order.evidence),
                    "submit": True,
                    "metadata": {_EVIDENCE_KEY: str(operation_id)},
                },
                {"idempotency_key": key},
            )
            return _as_it_stands(dispute)

        return await told(call)

    async def accept_dispute(self, key: str, order: AcceptDisputeOrder) -> Outcome:
        async def call() -> Outcome:
            return _as_it_stands(
                await self._api.disputes.close_async(order.psp_dispute_id, None, {"idempotency_key": key})
            )

        outcome = await told(call)
        if not isinstance(outcome, Declined):
            return outcome
        # Refused for the state it is in, and that may be the very state we want: an earlier try brought it there.
        return await told(lambda: self._closed(order, outcome))

    async def _closed(self, order: AcceptDisputeOrder, otherwise: Outcome) -> Outcome:
        dispute = await self._api.disputes.retrieve_async(order.psp_dispute_id)
        return _as_it_stands(dispute) if _STATUS[dispute.status].is_over else otherwise

    async def find_dispute(self, operation: Operation, order: EvidenceOrder | AcceptDisputeOrder) -> Outcome | None:
        """Look for what an operation on a dispute changed; None where it changed nothing."""
        dispute = await self._api.disputes.retrieve_async(order.psp_dispute_id)
        if isinstance(order, AcceptDisputeOrder):
            done = _STATUS[dispute.status].is_over
        else:
            metadata = cast("Any", dispute.metadata or {})
            done = _EVIDENCE_KEY in metadata and metadata[_EVIDENCE_KEY] == str(operation.id)
        return _as_it_stands(dispute) if done else None

    async def see_dispute(self, psp_dispute_id: str) -> SeenDispute | NotSent | Unknown | None:
        async def call() -> SeenDispute:
            return _seen(await self._api.disputes.retrieve_async(psp_dispute_id))

        return await seen(call)

    async def see_disputes_since(self, since: datetime, after: str) -> SeenDisputes | NotSent | Unknown:
        async def call() -> SeenDisputes:
            params: Any = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
            if after:
                params["starting_after"] = after
            page = await self._api.disputes.list_async(params)
            return SeenDisputes([_seen(dispute) for dispute in page.data], page.data[-1].id if page.has_more else "")

        answer = await told(call)
        return Unknown(answer.reason) if isinstance(answer, Declined) else answer


def _as_it_stands(dispute: stripe.Dispute) -> Outcome:
    return Succeeded(dispute.id, dispute=_seen(dispute))


def _seen(dispute: stripe.Dispute) -> SeenDispute:
    moved = [(line.amount, line.fee) for line in dispute.balance_transactions]
    code, due = dispute.currency, dispute.evidence_details.due_by

    def minor(amount: int) -> int:
        return from_stripe(amount, code).amount_minor

    return SeenDispute(
        psp_dispute_id=dispute.id,
        psp_payment_id=name_of(dispute.payment_intent),
        currency_code=code.upper(),
        amount_minor=minor(dispute.amount),
        withdrawn_minor=minor(-sum(amount for amount, _ in moved if amount < 0)),
        reinstated_minor=minor(sum(amount for amount, _ in moved if amount > 0)),
        fee_minor=minor(sum(fee for _, fee in moved)),
        reason=dispute.reason,
        status=_STATUS[dispute.status],
        evidence_due_at=None if due is None else datetime.fromtimestamp(due, UTC),
    )
