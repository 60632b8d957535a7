"""What becomes of a hold: captured whole or in part, raised, canceled, or expired."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jitney.sandbox.psp.captures import capture
from jitney.sandbox.psp.cards import decline_by_code
from jitney.sandbox.psp.errors import Json, StripeError, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import AmountMinor, Metadata, Params, Text, merged_metadata

_KIND = "payment_intent"
_CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")


class CaptureIntent(Params):
    """What is captured: all that is held, unless an amount is given; the rest is released."""

    amount_to_capture: AmountMinor | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class CancelIntent(Params):
    """Why it is canceled."""

    cancellation_reason: Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"] | None = None


class IncrementIntent(Params):
    """The new total of the hold."""

    amount: AmountMinor
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


def _capture(call: Call, params: CaptureIntent) -> Json:
    intent = call.objects.get(_KIND, call.id, "intent")
    if intent["status"] != "requires_capture":
        raise _unexpected_state(intent, "captured", ("requires_capture",))
    held_minor = intent["amount_capturable"]
    amount_minor = params.amount_to_capture or held_minor
    if amount_minor > held_minor:
        raise refused(
            f"The amount to capture ({amount_minor}) is greater than the amount that is held ({held_minor}).",
            "amount_too_large",
            param="amount_to_capture",
            payment_intent=intent,
        )
    intent["metadata"] = merged_metadata(intent["metadata"], params.metadata)
    charge = call.objects.get("charge", intent["latest_charge"], "charge")
    return capture(call, intent, charge, amount_minor)


def _cancel(call: Call, params: CancelIntent) -> Json:
    intent = call.objects.get(_KIND, call.id, "intent")
    if intent["status"] not in _CANCELABLE:
        raise _unexpected_state(intent, "canceled", _CANCELABLE)
    return _release(call, intent, params.cancellation_reason)


def _increment(call: Call, params: IncrementIntent) -> Json:
    intent = call.objects.get(_KIND, call.id, "intent")
    if intent["status"] != "requires_capture":
        raise _unexpected_state(intent, "incremented", ("requires_capture",))
    charge = call.objects.get("charge", intent["latest_charge"], "charge")
    card = charge["payment_method_details"]["card"]
    if card["incremental_authorization"]["status"] != "available":
        raise refused(
            "This PaymentIntent is not eligible for incremental authorization: it was not asked for when the card was "
            "authorized (`payment_method_options[card][request_incremental_authorization]=if_available`).",
            payment_intent=intent,
        )
    raised_minor = params.amount - intent["amount"]
    if raised_minor <= 0:
        raise refused("The amount must be greater than the amount that is authorized now.", param="amount")
    if call.decline_code:
        # Stripe leaves the hold as it was, so the payment can still be captured or canceled.
        raise decline_by_code(call.decline_code).error(charge=charge["id"], payment_intent=intent)
    charge["amount"] = card["amount_authorized"] = card["overcapture"]["maximum_amount_capturable"] = params.amount
    intent.update(amount=params.amount, amount_capturable=params.amount)
    if "description" in params.model_fields_set:
        intent["description"] = params.description
    intent["metadata"] = merged_metadata(intent["metadata"], params.metadata)
    call.ledger.move(intent["id"], Movement.INCREMENT, raised_minor, call.now)
    call.objects.save(charge)
    call.objects.save(intent)
    call.announce("payment_intent.amount_capturable_updated", intent)
    return intent


def hold_expires(call: Call, intent_id: str, data: str) -> None:
    """Release a hold that its issuer no longer keeps."""
    del data
    intent = call.objects.get(_KIND, intent_id, "intent")
    _release(call, intent, "automatic")
    call.announce("charge.expired", call.objects.get("charge", intent["latest_charge"], "charge"))


def _release(call: Call, intent: Json, reason: str | None) -> Json:
    if intent["amount_capturable"]:
        call.ledger.move(intent["id"], Movement.RELEASE, intent["amount_capturable"], call.now)
    intent.update(
        status="canceled", amount_capturable=0, canceled_at=call.now, cancellation_reason=reason, next_action=None
    )
    call.objects.save(intent)
    call.unschedule(intent["id"])
    call.announce("payment_intent.canceled", intent)
    return intent


def _unexpected_state(intent: Json, participle: str, allowed: tuple[str, ...]) -> StripeError:
    return refused(
        f"This PaymentIntent could not be {participle} because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses may be {participle}: {', '.join(allowed)}.",
        "payment_intent_unexpected_state",
        payment_intent=intent,
    )


OPERATIONS: list[AnyOperation] = [
    Operation("payment_intents.capture", "POST", "/v1/payment_intents/{id}/capture", CaptureIntent, _capture),
    Operation("payment_intents.cancel", "POST", "/v1/payment_intents/{id}/cancel", CancelIntent, _cancel),
    Operation(
        "payment_intents.increment_authorization",
        "POST",
        "/v1/payment_intents/{id}/increment_authorization",
        IncrementIntent,
        _increment,
    ),
]
