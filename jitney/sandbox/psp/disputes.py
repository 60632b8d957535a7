"""Disputes: a cardholder wants the money of a charge back. An inquiry asks first, and moves no money.

A dispute takes the charge's money out of the balance, with a fee that does not come back; if it is won, the money
does. Evidence decides as in Stripe's test mode: `winning_evidence`, `losing_evidence`, and for an inquiry
`escalate_inquiry_evidence`. Any other evidence is looked at for as long as it takes (`/_sim/disputes/{id}/decide`); one
that nobody answers in time is lost.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from jitney.sandbox.psp import dispute_outcomes
from jitney.sandbox.psp.dispute_outcomes import KIND, UNDECIDED, shown
from jitney.sandbox.psp.errors import Json, invalid_parameter, refused
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    Boolean,
    Identifier,
    ListParams,
    Metadata,
    Params,
    merged_metadata,
)
from jitney.sandbox.tasks import TaskKind

EVIDENCE: Final = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
_MAX_EVIDENCE_CHARACTERS = 150_000
_ANSWER_WITHIN_SECONDS = 9 * 24 * 3600
_INQUIRY_LAPSES_SECONDS = 120 * 24 * 3600
_NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "general": "10.4"}


class UpdateDispute(Params):
    """Evidence, and whether it is handed in now: a dispute takes it once."""

    evidence: Annotated[dict[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=40)] | None = None
    submit: Boolean = True
    metadata: Metadata = Field(default_factory=dict[str, str])


class ListDisputes(ListParams):
    """Which disputes."""

    charge: Identifier | None = None
    payment_intent: Identifier | None = None


def dispute_opens(call: Call, charge_id: str, data: str) -> None:
    """Let the cardholder of a captured charge dispute it: `fraudulent`, `product_not_received` or `inquiry`."""
    charge = call.objects.get("charge", charge_id, "charge")
    amount_minor = charge["amount_captured"] - charge["amount_refunded"]
    if amount_minor == 0:
        return
    inquiry = data == "inquiry"
    reason = "fraudulent" if inquiry else data
    within_seconds = _INQUIRY_LAPSES_SECONDS if inquiry else _ANSWER_WITHIN_SECONDS
    card = charge["payment_method_details"]["card"]
    dispute: Json = {
        "id": call.identifiers.stripe("du"),
        "object": KIND,
        "amount": amount_minor,
        "balance_transaction": None,
        "balance_transactions": [],
        "charge": charge_id,
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE),
        "evidence_details": {
            "due_by": call.now + within_seconds,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": card["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": _NETWORK_CODES[reason],
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    call.objects.insert(dispute, parent=charge_id, event_type=charge["payment_intent"])
    charge["disputed"] = True
    call.objects.save(charge)
    call.schedule(TaskKind.DISPUTE_LAPSES, dispute["id"], within_seconds)
    call.announce("charge.dispute.created", dispute)
    if not inquiry:
        dispute_outcomes.withdraw(call, dispute)


def _update(call: Call, params: UpdateDispute) -> Json:
    dispute = call.objects.get(KIND, call.id, "dispute")
    if unknown := set(params.evidence or {}) - set(EVIDENCE):
        name = f"evidence[{min(unknown)[:100]}]"
        raise invalid_parameter(f"Received unknown parameter: {name}", name, "parameter_unknown")
    if dispute["status"] not in UNDECIDED or (params.evidence and dispute["evidence_details"]["submission_count"]):
        raise refused(
            f"This dispute has a status of {dispute['status']}, and evidence was submitted or is no more asked for.",
            "dispute_evidence_already_submitted" if dispute["status"] in UNDECIDED else "dispute_already_closed",
        )
    dispute["metadata"] = merged_metadata(dispute["metadata"], params.metadata)
    evidence = {**dispute["evidence"], **{name: text or None for name, text in (params.evidence or {}).items()}}
    if sum(len(text) for text in evidence.values() if text) > _MAX_EVIDENCE_CHARACTERS:
        raise invalid_parameter("The evidence is longer than 150,000 characters.", "evidence")
    dispute["evidence"] = evidence
    dispute["evidence_details"]["has_evidence"] = any(evidence.values())
    if params.submit and any(evidence.values()):
        _submit(call, dispute)
    call.objects.save(dispute)
    told = shown(call, dispute)
    call.announce("charge.dispute.updated", told)
    return told


def _submit(call: Call, dispute: Json) -> None:
    dispute["evidence_details"]["submission_count"] = 1
    dispute["status"] = "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
    call.unschedule(dispute["id"])
    text = (dispute["evidence"]["uncategorized_text"] or "").strip()
    if text in dispute_outcomes.DECIDING:
        call.schedule(TaskKind.DISPUTE_DECIDED, dispute["id"], 0, text)


def _close(call: Call, params: Params) -> Json:
    del params
    return dispute_outcomes.decide(call, call.id, won=False)


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return shown(call, call.objects.get(KIND, call.id, "dispute"))


def _list(call: Call, params: ListDisputes) -> Json:
    types = [params.payment_intent] if params.payment_intent else []
    page = call.objects.page(KIND, call.url, params, types, parent=params.charge)
    return {**page, "data": [shown(call, dispute) for dispute in page["data"]]}


OPERATIONS: list[AnyOperation] = [
    Operation("disputes.list", "GET", "/v1/disputes", ListDisputes, _list),
    Operation("disputes.retrieve", "GET", "/v1/disputes/{id}", Params, _retrieve),
    Operation("disputes.update", "POST", "/v1/disputes/{id}", UpdateDispute, _update),
    Operation("disputes.close", "POST", "/v1/disputes/{id}/close", Params, _close),
]
