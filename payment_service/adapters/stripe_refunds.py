"""Refunds at Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import stripe

from payment_service.adapters.stripe_amounts import from_stripe, to_stripe
from payment_service.adapters.stripe_calls import PAGE, name_of, seen, told
from payment_service.domain.operation import Operation
from payment_service.domain.orders import RefundOrder
from payment_service.domain.refund import RefundStatus, SeenRefund
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, Unknown

_STATUS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.PAID,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


class StripeRefunds:
    """The part of `ports.PaymentServiceProvider` that is about refunds."""

    _api: stripe.V1Services

    async def refund(self, key: str, operation_id: UUID, order: RefundOrder) -> Outcome:
        async def call() -> Outcome:
            return _made(
                await self._api.refunds.create_async(
                    {
                        "payment_intent": order.psp_payment_id,
                        "amount": to_stripe(order.amount),
                        "reason": "requested_by_customer",
                        "metadata": {"op_id": str(operation_id), "refund_id": str(order.refund_id)},
                    },
                    {"idempotency_key": key},
                )
            )

        return await told(call)

    async def find_refund(self, operation: Operation, order: RefundOrder) -> Outcome | None:
        """Look for what a refund's operation made; None where it made nothing."""
        if operation.psp_object_id:
            return _made(await self._api.refunds.retrieve_async(operation.psp_object_id))
        page = await self._api.refunds.list_async({"payment_intent": order.psp_payment_id, "limit": PAGE})
        for refund in page.data:
            metadata = cast("Any", refund.metadata or {})
            if "op_id" in metadata and metadata["op_id"] == str(operation.id):
                return _made(refund)
        return Unknown("too_many_to_tell") if page.has_more else None

    async def see_refund(self, psp_refund_id: str) -> SeenRefund | NotSent | Unknown | None:
        async def call() -> SeenRefund:
            return _seen(await self._api.refunds.retrieve_async(psp_refund_id))

        return await seen(call)

    async def see_refunds_of(self, psp_payment_id: str) -> Sequence[SeenRefund] | NotSent | Unknown:
        async def call() -> Sequence[SeenRefund]:
            page = await self._api.refunds.list_async({"payment_intent": psp_payment_id, "limit": PAGE})
            return [_seen(refund) for refund in page.data]

        answer = await told(call)
        return Unknown(answer.reason) if isinstance(answer, Declined) else answer


def _made(refund: stripe.Refund) -> Outcome:
    # Also one that has failed already was made: what it says of itself is taken in with it.
    return Succeeded(refund.id, refund=_seen(refund))


def _seen(refund: stripe.Refund) -> SeenRefund:
    return SeenRefund(
        psp_refund_id=refund.id,
        psp_payment_id=name_of(refund.payment_intent),
        refund_id=_ours(refund),
        amount=from_stripe(refund.amount, refund.currency),
        status=_STATUS[refund.status or "pending"],
        failure_reason=str(getattr(refund, "failure_reason", None) or refund.status)
        if refund.status in ("failed", "canceled")
        else "",
    )


def _ours(refund: stripe.Refund) -> UUID | None:
    metadata = cast("Any", refund.metadata or {})
    try:
        return UUID(metadata["refund_id"]) if "refund_id" in metadata else None
    except ValueError:
        return None
