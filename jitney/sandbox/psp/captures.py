"""Captures: held money becomes ours, at once, some time after the answer (`processing`), or not after all.

A payment that is captured automatically is told as `charge.succeeded`, one that is captured by hand as
`charge.captured`. With `automatic_async` the answer comes before the money has reached the balance: the charge's
`balance_transaction` follows, with `charge.updated`.
"""

from __future__ import annotations

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.psp import balance, charges
from jitney.sandbox.psp.cards import Decline, decline_by_code
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.tasks import TaskKind

_PROCESSING = {
    FaultKind.PROCESSING: TaskKind.CAPTURE_SETTLES,
    FaultKind.PROCESSING_FAILS: TaskKind.CAPTURE_FAILS,
}


def capture(call: Call, intent: Json, charge: Json, amount_minor: int) -> Json:
    """Capture so much of what is authorized, and let the rest go."""
    later = _PROCESSING.get(call.fault.kind) if call.fault else None
    if call.fault is None or later is None:
        return _collect(call, intent, charge, amount_minor)
    by_hand = intent["capture_method"] == "manual"
    intent.update(status="processing", amount_capturable=0)
    charge["status"] = "succeeded" if by_hand else "pending"
    call.objects.save(intent)
    call.objects.save(charge)
    call.unschedule(intent["id"])
    call.schedule(later, intent["id"], call.fault.seconds, str(amount_minor))
    call.announce("payment_intent.processing", intent)
    if not by_hand:
        call.announce("charge.pending", charge)
    return intent


def capture_settles(call: Call, intent_id: str, data: str) -> None:
    """Finish a capture that was answered `processing`."""
    intent, charge = _being_captured(call, intent_id)
    _collect(call, intent, charge, int(data))


def capture_fails(call: Call, intent_id: str, data: str) -> None:
    """Give a capture up that was answered `processing`: nothing is held any more."""
    del data
    intent, charge = _being_captured(call, intent_id)
    method = call.objects.get("payment_method", intent["payment_method"], "payment_method")
    decline = decline_by_code("processing_error")
    charge.update(status="failed", paid=False, failure_code=decline.code, failure_message=decline.message)
    call.objects.save(charge)
    call.ledger.move(intent["id"], Movement.RELEASE, intent["amount"], call.now)
    call.announce("charge.failed", charge)
    refuse(call, intent, method, decline, charge["id"])


def charge_settles(call: Call, charge_id: str, data: str) -> None:
    """Let an asynchronously captured charge reach the balance."""
    del data
    charge = call.objects.get("charge", charge_id, "charge")
    _settle(call, charge)
    call.objects.save(charge)
    call.announce("charge.updated", charge)


def refuse(call: Call, intent: Json, method: Json, decline: Decline, charge: str | None) -> None:
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


def _collect(call: Call, intent: Json, charge: Json, amount_minor: int) -> Json:
    by_hand, card = intent["capture_method"] == "manual", charges.card_of(call, charge)
    call.ledger.move(intent["id"], Movement.CAPTURE, amount_minor, call.now)
    if released_minor := charge["amount"] - amount_minor:
        call.ledger.move(intent["id"], Movement.RELEASE, released_minor, call.now)
    charge.update(captured=True, amount_captured=amount_minor, status="succeeded")
    if intent["capture_method"] == "automatic_async":
        call.schedule(TaskKind.CHARGE_SETTLES, charge["id"], call.policy.later_seconds)
    else:
        _settle(call, charge)
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount_minor)
    call.objects.save(charge)
    call.objects.save(intent)
    call.unschedule(intent["id"])
    call.announce("charge.captured" if by_hand else "charge.succeeded", charge)
    call.announce("payment_intent.succeeded", intent)
    if card.dispute:
        call.schedule(TaskKind.DISPUTE_OPENS, charge["id"], 0, card.dispute)
    return intent


def _settle(call: Call, charge: Json) -> None:
    amount_minor = charge["amount_captured"]
    at_once = charges.card_of(call, charge).bypasses_pending
    transaction = balance.record(
        call,
        "charge",
        charge,
        amount_minor,
        fee_minor=balance.charge_fee_minor(amount_minor),
        after_seconds=0 if at_once else call.policy.available_seconds,
    )
    charge["balance_transaction"] = transaction["id"]


def _being_captured(call: Call, intent_id: str) -> tuple[Json, Json]:
    intent = call.objects.get("payment_intent", intent_id, "intent")
    return intent, call.objects.get("charge", intent["latest_charge"], "charge")
