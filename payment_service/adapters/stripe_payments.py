"""Payments as Stripe shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import stripe

from payment_service.adapters.stripe_calls import seen
from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.psp_objects import SeenPayment, SeenPaymentState

_STATE = {
    "requires_capture": SeenPaymentState.HELD,
    "succeeded": SeenPaymentState.CAPTURED,
    "canceled": SeenPaymentState.RELEASED,
    "processing": SeenPaymentState.UNDER_WAY,
    "requires_action": SeenPaymentState.REFUSED,
    "requires_confirmation": SeenPaymentState.REFUSED,
    "requires_payment_method": SeenPaymentState.REFUSED,
}


def payment_shown(subject: Mapping[str, Any]) -> SeenPayment | None:
    """Return the payment that a PaymentIntent in Stripe's JSON shows; None for anything else."""
    psp_payment_id, state = subject.get("id"), _STATE.get(str(subject.get("status")))
    if subject.get("object") != "payment_intent" or not isinstance(psp_payment_id, str) or state is None:
        return None
    return SeenPayment(psp_payment_id, state)


class StripePayments:
    """The part of `ports.PaymentServiceProvider` that shows payments."""

    _api: stripe.V1Services

    async def see_payment(self, psp_payment_id: str) -> SeenPayment | NotSent | Unknown | None:
        async def call() -> SeenPayment:
            intent = await self._api.payment_intents.retrieve_async(psp_payment_id)
            return SeenPayment(intent.id, _STATE[intent.status])

        return await seen(call)
