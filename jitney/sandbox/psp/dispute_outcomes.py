"""What becomes of a dispute: money is withdrawn, an inquiry is closed or escalates, a dispute is won or lost."""

from __future__ import annotations

from typing import Final

from jitney.sandbox.psp import balance
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import Call

KIND: Final = "dispute"
UNDECIDED: Final = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
DECIDING: Final = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence")
_ESCALATES: Final = "escalate_inquiry_evidence"
_FEE_MINOR = 1500


def withdraw(call: Call, dispute: Json) -> None:
    """Take a disputed charge's money, and the fee, out of the balance."""
    transaction = balance.record(
        call, "adjustment", dispute, -dispute["amount"], fee_minor=_FEE_MINOR, category="dispute"
    )
    _note(dispute, transaction)
    call.objects.save(dispute)
    _move(call, dispute, Movement.DISPUTE)
    call.announce("charge.dispute.funds_withdrawn", shown(call, dispute))


def decide(call: Call, dispute_id: str, *, won: bool) -> Json:
    """Close a dispute. An inquiry is closed without a winner.

    Raises:
        StripeError: it is closed already.
    """
    dispute = call.objects.get(KIND, dispute_id, "dispute")
    if dispute["status"] not in UNDECIDED:
        raise refused(f"This dispute is already closed: {dispute['status']}.", "dispute_already_closed")
    call.unschedule(dispute_id)
    if dispute["status"].startswith("warning"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = "won" if won else "lost"
    if dispute["status"] == "won":
        transaction = balance.record(call, "adjustment", dispute, dispute["amount"], category="dispute_reversal")
        _note(dispute, transaction)
        _move(call, dispute, Movement.DISPUTE_REINSTATED)
    call.objects.save(dispute)
    told = shown(call, dispute)
    call.announce("charge.dispute.closed", told)
    if dispute["status"] == "won":
        call.announce("charge.dispute.funds_reinstated", told)
    return told


def shown(call: Call, dispute: Json) -> Json:
    """Show a dispute with its balance transactions, of which it keeps the ids."""
    moved = [
        balance.shown(call.objects.get("balance_transaction", transaction), call.now)
        for transaction in dispute["balance_transactions"]
    ]
    return {**dispute, "balance_transactions": moved}


def dispute_decided(call: Call, dispute_id: str, data: str) -> None:
    """Let the evidence have its effect: see `DECIDING`."""
    dispute = call.objects.get(KIND, dispute_id, "dispute")
    if data != _ESCALATES or not dispute["status"].startswith("warning"):
        decide(call, dispute_id, won=data == "winning_evidence")
        return
    charge = call.objects.get("charge", dispute["charge"])
    dispute["amount"] = charge["amount_captured"] - charge["amount_refunded"]
    if dispute["amount"] == 0:  # given back while the question was open: there is nothing to charge back
        decide(call, dispute_id, won=False)
        return
    dispute.update(status="needs_response", is_charge_refundable=False)
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["evidence_details"]["submission_count"] = 0
    call.objects.save(dispute)
    call.announce("charge.dispute.updated", shown(call, dispute))
    withdraw(call, dispute)


def dispute_lapses(call: Call, dispute_id: str, data: str) -> None:
    """Close a dispute that nobody answered in time: an inquiry comes to nothing, anything else is lost."""
    del data
    dispute = call.objects.get(KIND, dispute_id, "dispute")
    dispute["evidence_details"]["past_due"] = True
    call.objects.save(dispute)
    decide(call, dispute_id, won=False)


def _note(dispute: Json, transaction: Json) -> None:
    dispute["balance_transactions"] = [*dispute["balance_transactions"], transaction["id"]]
    dispute["balance_transaction"] = dispute["balance_transaction"] or transaction["id"]


def _move(call: Call, dispute: Json, movement: Movement) -> None:
    call.ledger.send(
        dispute["id"],
        movement,
        dispute["amount"],
        call.now,
        currency=dispute["currency"],
        account=call.account,
        intent_id=dispute["payment_intent"],
    )
