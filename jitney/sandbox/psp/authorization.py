"""Authorization: the card's issuer is asked, and holds, refuses, or wants the cardholder to authenticate first."""

from __future__ import annotations

from jitney.sandbox.psp import captures, charges, methods
from jitney.sandbox.psp.cards import AUTHENTICATION_REQUIRED, Decline, decline_by_code
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.tasks import TaskKind

NEXT_ACTION: Json = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}


def authorize(
    call: Call, intent: Json, *, off_session: bool, error_on_requires_action: bool, authenticated: bool = False
) -> Json:
    """Ask the issuer for an intent's amount; captures it at once unless the intent is captured by hand.

    Raises:
        StripeError: `card_error`; the intent goes back to `requires_payment_method` and keeps the failed charge.
    """
    method = call.objects.get("payment_method", intent["payment_method"], "payment_method")
    card = methods.card_of(call, method)
    asks = card.asks_cardholder(off_session=off_session, set_up=methods.is_set_up(call, method))
    if asks and not authenticated:
        if off_session or error_on_requires_action:
            _decline(call, intent, method, AUTHENTICATION_REQUIRED)
        return _ask_cardholder(call, intent)
    decline = decline_by_code(call.decline_code) if call.decline_code else card.decline
    if decline:
        _decline(call, intent, method, decline)
    if intent["setup_future_usage"] == "off_session":
        methods.set_up(call, method, intent["customer"])
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
    captures.refuse(call, intent, method, failure, charge=None)
    return intent


def _ask_cardholder(call: Call, intent: Json) -> Json:
    intent["status"] = "requires_action"
    intent["next_action"] = NEXT_ACTION
    call.objects.save(intent)
    call.announce("payment_intent.requires_action", intent)
    return intent


def _hold(call: Call, intent: Json, method: Json) -> Json:
    charge = charges.make(call, intent, method, None)
    call.ledger.move(intent["id"], Movement.AUTHORIZE, intent["amount"], call.now)
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    if intent["capture_method"] != "manual":
        return captures.capture(call, intent, charge, intent["amount"])
    intent.update(status="requires_capture", amount_capturable=intent["amount"])
    call.objects.save(intent)
    call.schedule(TaskKind.HOLD_EXPIRES, intent["id"], charges.HOLD_SECONDS)
    call.announce("charge.succeeded", charge)
    call.announce("payment_intent.amount_capturable_updated", intent)
    return intent


def _decline(call: Call, intent: Json, method: Json, decline: Decline) -> None:
    charge = charges.make(call, intent, method, decline)
    call.announce("charge.failed", charge)
    intent["latest_charge"] = charge["id"]
    captures.refuse(call, intent, method, decline, charge["id"])
    raise decline.error(charge=charge["id"], payment_intent=intent, payment_method=method)
