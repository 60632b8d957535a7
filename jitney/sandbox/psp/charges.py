"""Charges: what an attempt to charge a card left behind. A held charge says until when it may be captured."""

from __future__ import annotations

from jitney.sandbox.psp.cards import Decline, TestCard, card_named
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import Identifier, ListParams, Params

HOLD_SECONDS = 7 * 24 * 3600
"""How long a card's issuer keeps a hold, by Stripe's default for card-not-present payments."""


class ListCharges(ListParams):
    """Which charges."""

    customer: Identifier | None = None
    payment_intent: Identifier | None = None


def make(call: Call, intent: Json, method: Json, decline: Decline | None) -> Json:
    """Store the outcome of an authorization: a held charge, or a failed one. The caller announces it."""
    amount_minor = intent["amount"]
    support = intent["payment_method_options"]["card"]["request_incremental_authorization"]
    card = method["card"]
    charge: Json = {
        "id": call.identifiers.stripe("ch"),
        "object": "charge",
        "amount": amount_minor,
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": {
            "network_status": "declined_by_network" if decline else "approved_by_network",
            "reason": decline.decline_code if decline else None,
            "risk_level": "normal",
            "seller_message": "The bank did not authorize the payment." if decline else "Payment complete.",
            "type": "issuer_declined" if decline else "authorized",
        },
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {
                "amount_authorized": None if decline else amount_minor,
                "brand": card["brand"],
                "capture_before": None if decline else call.now + HOLD_SECONDS,
                "checks": card["checks"],
                "country": card["country"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "extended_authorization": {"status": "disabled"},
                "fingerprint": card["fingerprint"],
                "funding": card["funding"],
                "incremental_authorization": {"status": "available" if support == "if_available" else "unavailable"},
                "last4": card["last4"],
                "multicapture": {"status": "unavailable"},
                "network": card["brand"],
                "overcapture": {"maximum_amount_capturable": amount_minor, "status": "unavailable"},
                "wallet": None,
            },
            "type": "card",
        },
        "refunded": False,
        "status": "failed" if decline else "succeeded",
    }
    card_name = call.objects.private(method["id"]).partition(" ")[0]
    call.objects.insert(charge, customer=intent["customer"], parent=intent["id"], private=card_name)
    return charge


def card_of(call: Call, charge: Json) -> TestCard:
    """Tell how the card behaves that was charged, whatever has become of the payment method."""
    return card_named(call.objects.private(charge["id"]))


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("charge", call.id, "charge")


def _list(call: Call, params: ListCharges) -> Json:
    return call.objects.page("charge", call.url, params, customer=params.customer, parent=params.payment_intent)


OPERATIONS: list[AnyOperation] = [
    Operation("charges.list", "GET", "/v1/charges", ListCharges, _list),
    Operation("charges.retrieve", "GET", "/v1/charges/{id}", Params, _retrieve),
]
