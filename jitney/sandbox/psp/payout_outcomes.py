"""What becomes of a payout: it leaves, it arrives, it fails (also after it arrived), or it is canceled in time."""

from __future__ import annotations

from typing import get_args

from jitney.sandbox.psp import balance
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.failures import PAYOUT_MESSAGE_OF_OTHERS, PAYOUT_MESSAGES, PayoutFailure
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call

_USUAL = "could_not_process"


def payout_leaves(call: Call, payout_id: str, data: str) -> None:
    """Send it on its way."""
    del data
    payout = call.objects.get("payout", payout_id)
    if payout["status"] == "pending":
        payout["status"] = "in_transit"
        _save(call, payout, "payout.updated")


def payout_arrives(call: Call, payout_id: str, data: str) -> None:
    """Let it be in the bank.

    Raises:
        StripeError: it is over already.
    """
    del data
    payout = _open(call, payout_id, "pending", "in_transit")
    automatic = payout["automatic"]
    payout["status"] = "paid"
    if automatic:
        payout["reconciliation_status"] = "completed"
    _save(call, payout, "payout.paid")
    if automatic:
        call.announce("payout.reconciliation_completed", payout)


def payout_fails(call: Call, payout_id: str, data: str) -> None:
    """Let the bank refuse it, or return it when it had arrived; the money is back in the balance.

    Raises:
        StripeError: it is over already.
    """
    payout = _open(call, payout_id, "pending", "in_transit", "paid")
    code = data if data in get_args(PayoutFailure) else _USUAL
    transaction = balance.record(call, "payout_failure", payout, payout["amount"])
    payout.update(
        status="failed",
        failure_code=code,
        failure_message=PAYOUT_MESSAGES.get(code, PAYOUT_MESSAGE_OF_OTHERS),
        failure_balance_transaction=transaction["id"],
    )
    _come_back(call, payout)
    _save(call, payout, "payout.failed")


def payout_is_canceled(call: Call, payout_id: str) -> Json:
    """Take it back before it has left.

    Raises:
        StripeError: it has left.
    """
    payout = _open(call, payout_id, "pending")
    balance.record(call, "payout_cancel", payout, payout["amount"])
    payout["status"] = "canceled"
    _come_back(call, payout)
    _save(call, payout, "payout.canceled")
    return payout


def _open(call: Call, payout_id: str, *statuses: str) -> Json:
    payout = call.objects.get("payout", payout_id)
    if payout["status"] not in statuses:
        raise refused(f"Payout {payout_id} has a status of {payout['status']}: this cannot be done any more.")
    return payout


def _come_back(call: Call, payout: Json) -> None:
    call.unschedule(payout["id"])
    call.ledger.send(payout["id"], Movement.PAYOUT_RETURNED, payout["amount"], call.now, currency=payout["currency"])


def _save(call: Call, payout: Json, event_type: str) -> None:
    call.objects.save(payout)
    call.announce(event_type, payout)
