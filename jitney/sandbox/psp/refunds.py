"""Refunds: captured money given back, never more than was captured. Some are pending first, and some fail later."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.psp import balance, charges, refund_outcomes
from jitney.sandbox.psp.errors import Json, invalid_parameter, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import AmountMinor, Identifier, ListParams, Metadata, Params, merged_metadata
from jitney.sandbox.tasks import TaskKind


class CreateRefund(Params):
    """What is refunded: an intent's or a charge's money, all that is left unless an amount is given."""

    payment_intent: Identifier | None = None
    charge: Identifier | None = None
    amount: AmountMinor | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class UpdateRefund(Params):
    """What may still be changed."""

    metadata: Metadata = Field(default_factory=dict[str, str])


class ListRefunds(ListParams):
    """Which refunds."""

    payment_intent: Identifier | None = None
    charge: Identifier | None = None


def _create(call: Call, params: CreateRefund) -> Json:
    charge = _charge(call, params)
    left_minor = charge["amount_captured"] - charge["amount_refunded"]
    amount_minor = params.amount or left_minor
    if left_minor == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if amount_minor > left_minor:
        raise refused(
            f"Refund amount ({amount_minor}) is greater than unrefunded amount on charge ({left_minor}).",
            "amount_too_large",
            param="amount",
        )
    begins_pending, ends, after_seconds, failure = _course(call, charge)
    refund: Json = {
        "id": call.identifiers.stripe("re"),
        "object": "refund",
        "amount": amount_minor,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference": None, "reference_status": "pending", "type": "refund"},
            "type": "card",
        },
        "metadata": merged_metadata({}, params.metadata),
        "payment_intent": charge["payment_intent"],
        "reason": params.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if begins_pending else "succeeded",
        "transfer_reversal": None,
    }
    if begins_pending:
        refund["pending_reason"] = "processing"
    refund["balance_transaction"] = balance.record(call, "refund", refund, -amount_minor)["id"]
    call.objects.insert(refund, customer=charge["customer"], parent=charge["payment_intent"])
    refund_outcomes.count(call, charge, amount_minor)
    call.ledger.send(
        refund["id"],
        Movement.REFUND,
        amount_minor,
        call.now,
        currency=charge["currency"],
        account=call.account,
        intent_id=charge["payment_intent"],
    )
    if ends:
        call.schedule(ends, refund["id"], after_seconds, failure)
    call.announce("refund.created", refund)
    call.announce("charge.refunded", charge)
    return refund


def _course(call: Call, charge: Json) -> tuple[bool, TaskKind | None, float, str]:
    """Tell whether it begins as pending, what becomes of it, when, and why it fails if it does."""
    fault, card, later_seconds = call.fault, charges.card_of(call, charge), call.policy.later_seconds
    match fault and fault.kind:
        case FaultKind.PENDING if fault:
            return True, TaskKind.REFUND_SUCCEEDS, fault.seconds, ""
        case FaultKind.FAILS_LATER if fault:
            return card.refund == "pending", TaskKind.REFUND_FAILS, fault.seconds, fault.failure_code
        case _:
            pass
    if card.refund == "fails":
        return False, TaskKind.REFUND_FAILS, later_seconds, ""
    if card.refund == "pending":
        return True, TaskKind.REFUND_SUCCEEDS, later_seconds, ""
    return False, None, 0, ""


def _charge(call: Call, params: CreateRefund) -> Json:
    if (params.payment_intent is None) == (params.charge is None):
        raise invalid_parameter(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if params.charge:
        charge = call.objects.get("charge", params.charge, "charge")
    else:
        intent = call.objects.get("payment_intent", params.payment_intent or "", "payment_intent")
        charge = call.objects.find("charge", intent["latest_charge"] or "")
        if charge is None or not charge["captured"]:
            raise refused(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent_unexpected_state",
                payment_intent=intent,
            )
    if not charge["captured"] or charge["payment_intent"] is None:
        raise refused(f"Charge {charge['id']} was not captured, so there is nothing to refund.", "charge_not_captured")
    disputes = call.objects.page("dispute", "", ListParams(limit=1), parent=charge["id"])["data"]
    if disputes and disputes[0]["status"] != "won" and not disputes[0]["is_charge_refundable"]:
        raise refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")
    return charge


def _update(call: Call, params: UpdateRefund) -> Json:
    refund = call.objects.get("refund", call.id, "refund")
    refund["metadata"] = merged_metadata(refund["metadata"], params.metadata)
    call.objects.save(refund)
    call.announce("refund.updated", refund)
    return refund


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("refund", call.id, "refund")


def _list(call: Call, params: ListRefunds) -> Json:
    parent = params.payment_intent
    if params.charge:
        parent = call.objects.get("charge", params.charge, "charge")["payment_intent"]
    return call.objects.page("refund", call.url, params, parent=parent)


OPERATIONS: list[AnyOperation] = [
    Operation("refunds.create", "POST", "/v1/refunds", CreateRefund, _create),
    Operation("refunds.list", "GET", "/v1/refunds", ListRefunds, _list),
    Operation("refunds.retrieve", "GET", "/v1/refunds/{id}", Params, _retrieve),
    Operation("refunds.update", "POST", "/v1/refunds/{id}", UpdateRefund, _update),
]
