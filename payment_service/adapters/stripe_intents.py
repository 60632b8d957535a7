"""What a payment intent's state says of an order."""

from __future__ import annotations

from typing import Any, cast

import stripe

from payment_service.adapters.stripe_amounts import to_stripe
from payment_service.domain.operation import CaptureOrder, HoldOrder, VoidOrder
from payment_service.use_cases.outcomes import ActionRequired, Declined, Outcome, Pending, Succeeded, Unknown


def judge(intent: stripe.PaymentIntent, order: HoldOrder | CaptureOrder | VoidOrder) -> Outcome | None:
    """Return what has come of an order, None where the intent stands as if it had never been sent.

    An intent that did what was asked with another amount is Unknown: it needs a person, not a retry.
    """
    match order:
        case HoldOrder():
            return _of_hold(intent, order)
        case CaptureOrder():
            return _of_capture(intent, order)
        case VoidOrder():
            return _of_void(intent)


def _of_hold(intent: stripe.PaymentIntent, order: HoldOrder) -> Outcome:
    match intent.status:
        case "requires_capture" if intent.amount == to_stripe(order.amount):
            return Succeeded(intent.id)
        case "processing":
            return Pending(intent.id)
        case "requires_action" | "requires_confirmation":
            return ActionRequired(intent.id)
        case "requires_payment_method":
            return Declined(_last_error(intent))
        case "canceled":
            return Declined("canceled")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _of_capture(intent: stripe.PaymentIntent, order: CaptureOrder) -> Outcome | None:
    match intent.status:
        case "succeeded" if intent.amount_received == to_stripe(order.total):
            return Succeeded(intent.id)
        case "processing":
            return Pending(intent.id)
        case "requires_capture":
            return None
        case "canceled":
            return Declined("hold_released")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _of_void(intent: stripe.PaymentIntent) -> Outcome | None:
    match intent.status:
        case "canceled":
            return Succeeded(intent.id)
        case "requires_capture":
            return None
        case "succeeded" | "processing":
            return Declined("already_captured")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _last_error(intent: stripe.PaymentIntent) -> str:
    error = cast("Any", intent.last_payment_error)
    if error is None:
        return "card_declined"
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined")
