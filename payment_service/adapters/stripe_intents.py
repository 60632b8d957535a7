"""What a payment intent's state says of an order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import stripe

from payment_service.adapters.stripe_amounts import to_stripe
from payment_service.domain.orders import CaptureOrder, ChargeOrder, HoldOrder, IncrementOrder, VoidOrder
from payment_service.use_cases.outcomes import ActionRequired, Declined, Outcome, Pending, Succeeded, Unknown

IntentOrder = HoldOrder | IncrementOrder | CaptureOrder | VoidOrder | ChargeOrder


def judge(intent: stripe.PaymentIntent, order: IntentOrder) -> Outcome | None:
    """Return what has come of an order, None where the intent stands as if it had never been sent.

    An intent that did what was asked with another amount is Unknown: it needs a person, not a retry.
    """
    match order:
        case HoldOrder():
            return _of_hold(intent, order)
        case ChargeOrder():
            return _of_charge(intent, order)
        case IncrementOrder():
            return _of_increment(intent, order)
        case CaptureOrder():
            return _of_capture(intent, order)
        case VoidOrder():
            return _of_void(intent)


def _of_hold(intent: stripe.PaymentIntent, order: HoldOrder) -> Outcome:
    match intent.status:
        case "requires_capture" if intent.amount == to_stripe(order.amount):
            return Succeeded(intent.id, capture_before=_capture_before(intent))
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


def _of_charge(intent: stripe.PaymentIntent, order: ChargeOrder) -> Outcome:
    match intent.status:
        case "succeeded" if intent.amount_received == to_stripe(order.amount):
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


def _of_increment(intent: stripe.PaymentIntent, order: IncrementOrder) -> Outcome | None:
    match intent.status:
        case "requires_capture":
            return Succeeded(intent.id) if intent.amount == to_stripe(order.amount) else None
        case "canceled" | "requires_payment_method":
            return Declined("hold_released")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _of_capture(intent: stripe.PaymentIntent, order: CaptureOrder) -> Outcome | None:
    match intent.status:
        case "succeeded" if intent.amount_received == to_stripe(order.amount):
            return Succeeded(intent.id)
        case "processing":
            return Pending(intent.id)
        case "requires_capture":
            return None
        case "canceled" | "requires_payment_method":
            # The latter: the bank took back what it had held, of a capture that was processing or at once.
            return Declined("hold_released")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _of_void(intent: stripe.PaymentIntent) -> Outcome | None:
    match intent.status:
        case "canceled":
            return Succeeded(intent.id)
        case "requires_capture" | "requires_payment_method":
            return None
        case "succeeded" | "processing":
            return Declined("already_captured")
        case _:
            return Unknown(f"unexpected_{intent.status}")


def _capture_before(intent: stripe.PaymentIntent) -> datetime | None:
    charge = cast("Any", getattr(intent, "latest_charge", None))
    details = None if charge is None or isinstance(charge, str) else charge.payment_method_details
    card = None if details is None else details.card
    until = None if card is None else getattr(card, "capture_before", None)
    return None if until is None else datetime.fromtimestamp(until, UTC)


def _last_error(intent: stripe.PaymentIntent) -> str:
    error = cast("Any", intent.last_payment_error)
    if error is None:
        return "card_declined"
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined")
