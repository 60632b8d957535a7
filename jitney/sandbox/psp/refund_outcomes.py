"""What becomes of a refund after it was asked for: a pending one succeeds, and one that went out may come back.

A failed refund's money returns to the balance (`failure_balance_transaction`), and the charge may be refunded again.
"""

from __future__ import annotations

from typing import get_args

from jitney.sandbox.psp import balance
from jitney.sandbox.psp.errors import Json, StripeError, refused
from jitney.sandbox.psp.failures import RefundFailure
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call

_USUAL = "expired_or_canceled_card"
_NOT_OVER = ("pending", "succeeded")


def count(call: Call, charge: Json, amount_minor: int) -> None:
    """Add to what was refunded of a charge; a negative amount takes off."""
    charge["amount_refunded"] += amount_minor
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.objects.save(charge)


def refund_succeeds(call: Call, refund_id: str, data: str) -> None:
    """Let a pending refund succeed."""
    del data
    refund = call.objects.get("refund", refund_id, "refund")
    if refund["status"] != "pending":
        raise _over(refund)
    refund["status"] = "succeeded"
    refund.pop("pending_reason", None)
    _save(call, refund)


def refund_fails(call: Call, refund_id: str, data: str) -> None:
    """Let a refund fail: its money comes back.

    Raises:
        StripeError: it has failed already.
    """
    refund = call.objects.get("refund", refund_id, "refund")
    if refund["status"] not in _NOT_OVER:
        raise _over(refund)
    refund.pop("pending_reason", None)
    transaction = balance.record(call, "refund_failure", refund, refund["amount"])
    refund.update(
        status="failed",
        failure_reason=data if data in get_args(RefundFailure) else _USUAL,
        failure_balance_transaction=transaction["id"],
    )
    charge = call.objects.get("charge", refund["charge"], "charge")
    count(call, charge, -refund["amount"])
    call.ledger.send(
        refund["id"],
        Movement.REFUND_FAILED,
        refund["amount"],
        call.now,
        currency=refund["currency"],
        intent_id=refund["payment_intent"],
    )
    call.unschedule(refund["id"])
    call.announce("refund.failed", refund)
    _save(call, refund)


def _save(call: Call, refund: Json) -> None:
    call.objects.save(refund)
    call.announce("refund.updated", refund)
    call.announce("charge.refund.updated", refund)


def _over(refund: Json) -> StripeError:
    return refused(f"Refund {refund['id']} has a status of {refund['status']}: nothing more becomes of it.")
