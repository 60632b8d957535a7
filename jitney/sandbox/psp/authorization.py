"""Authorization: the card's issuer is asked, and holds, refuses, or wants the cardholder to authenticate first."""

from __future__ import annotations

from jitney.sandbox.psp import balance, charges, methods
from jitney.sandbox.psp.cards import AUTHENTICATION_REQUIRED, Decline, decline_by_code
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call


def authorize(
    call: Call, intent: Json, *, off_session: bool, error_on_requires_action: bool, authenticated: bool = False
) -> Json:
    """Ask the issuer for an intent's amount; captures it at once unless the intent is captured by hand.

    Raises:
        StripeError: `card_error`; the intent goes back to `requires_payment_method` and keeps the failed charge.
    """
    method = call.objects.get("payment_method", intent["payment_method"], "payment_method")
    card = methods.card_of(call, method)
    if card.requires_authentication and not authenticated:
        if off_session or error_on_requires_action:
            _decline(call, intent, method, AUTHENTICATION_REQUIRED)
        return _ask_cardholder(call, intent)
    decline = decline_by_code(call.decline_code) if call.decline_code else card.decline
    if decline:
        _decline(call, intent, method, decline)
    return _hold(call, intent, method)


def authenticate(call: Call, intent_id: str, *, succeeds: bool) -> Json:
    """Do what the cardholder does on the issuer's page: pass or fail the authentication.

    Raises:
        StripeError: no such intent, or it is not waiting for its cardholder.
    """
    intent = call.objects.get("payment_intent", intent_id, "intent")
    if intent["status"] != "requires_action":
        raise refused(
            f"This PaymentIntent has a status of {intent['status']}: it waits for nobody.",
            "payment_intent_unexpected_state",
        )
    intent["next_action"] = None
    if succeeds:
        return authorize(call, intent, off_session=False, error_on_requires_action=False, authenticated=True)
    method = call.objects.get("payment_method", intent["payment_method"], "payment_method")
    failure = Decline(
        "payment_intent_authentication_failure", "", "The provided PaymentMethod has failed authentication."
    )
    _refuse(call, intent, method, failure, charge=None)
    return intent


def _ask_cardholder(call: Call, intent: Json) -> Json:
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    call.objects.save(intent)
    call.announce("payment_intent.requires_action", intent)
    return intent


def _hold(call: Call, intent: Json, method: Json) -> Json:
    charge = charges.make(call, intent, method, None)
    call.ledger.move(intent["id"], Movement.AUTHORIZE, intent["amount"], call.now)
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    if intent["capture_method"] != "manual":
        return collect(call, intent, charge, intent["amount"])
    intent.update(status="requires_capture", amount_capturable=intent["amount"])
    call.objects.save(intent)
    call.objects.set_due(intent["id"], call.now + charges.HOLD_SECONDS)
    call.announce("payment_intent.amount_capturable_updated", intent)
    return intent


def collect(call: Call, intent: Json, charge: Json, amount_minor: int) -> Json:
    """Capture so much of a held charge, and let the rest of the hold go."""
    call.ledger.move(intent["id"], Movement.CAPTURE, amount_minor, call.now)
    if released_minor := charge["amount"] - amount_minor:
        call.ledger.move(intent["id"], Movement.RELEASE, released_minor, call.now)
    transaction = balance.record(call, "charge", charge, amount_minor)
    charge.update(captured=True, amount_captured=amount_minor, balance_transaction=transaction["id"])
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount_minor)
    call.objects.save(charge)
    call.objects.save(intent)
    call.objects.set_due(intent["id"], None)
    call.announce("charge.captured", charge)
    call.announce("payment_intent.succeeded", intent)
    return intent


def _decline(call: Call, intent: Json, method: Json, decline: Decline) -> None:
    charge = charges.make(call, intent, method, decline)
    intent["latest_charge"] = charge["id"]
    _refuse(call, intent, method, decline, charge["id"])
    raise decline.error(charge=charge["id"], payment_intent=intent, payment_method=method)


def _refuse(call: Call, intent: Json, method: Json, decline: Decline, charge: str | None) -> None:
    """Send the intent back to its beginning, with the reason."""
    error: Json = {
        "charge": charge,
        "code": decline.code,
        "decline_code": decline.decline_code or None,
        "message": decline.message,
        "payment_method": method,
        "type": "card_error" if charge else "invalid_request_error",
    }
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error={name: value for name, value in error.items() if value is not None},
    )
    call.objects.save(intent)
    call.announce("payment_intent.payment_failed", intent)
