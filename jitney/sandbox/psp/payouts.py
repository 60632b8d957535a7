"""Payouts: money of a balance sent to a bank account, a connected account's or the platform's own.

A payout is `pending`, then `in_transit`, and `paid` on its day of arrival, or `failed`. A failed one may have been
`paid` before: the bank returned it. What failed is back in the balance (`failure_balance_transaction`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.psp import balance, banks, external_accounts, funds
from jitney.sandbox.psp.errors import Json, refused, resource_missing
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    Currency,
    Identifier,
    Integer,
    ListParams,
    Metadata,
    Params,
    Text,
    merged_metadata,
)
from jitney.sandbox.psp.payout_outcomes import payout_is_canceled
from jitney.sandbox.psp.transfers import MAX_TRANSFER_MINOR
from jitney.sandbox.tasks import TaskKind

OUR_BANK = "ba_sandbox_platform"
"""Where the platform's own payouts go."""
_LEAVES_AFTER_SECONDS = 3600.0
_RETURNED_AFTER_SECONDS = 24 * 3600.0


class CreatePayout(Params):
    """How much is paid out, and where to: the currency's default bank account, unless one is named."""

    amount: Annotated[Integer, Field(ge=1, le=MAX_TRANSFER_MINOR)]
    currency: Currency
    destination: Identifier | None = None
    description: Text | None = None
    method: Literal["standard"] = "standard"
    source_type: Literal["card"] | None = None
    statement_descriptor: Annotated[str, Field(max_length=22)] | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class UpdatePayout(Params):
    """What may still be changed."""

    metadata: Metadata = Field(default_factory=dict[str, str])


class ListPayouts(ListParams):
    """Which payouts."""

    status: Literal["pending", "paid", "failed", "canceled", "in_transit"] | None = None
    destination: Identifier | None = None


def _create(call: Call, params: CreatePayout) -> Json:
    currency = params.currency.lower()
    destination, outcome = _destination(call, params.destination, currency)
    if funds.available_minor(call.connection, call.account, currency, call.now) < params.amount:
        raise refused(
            "You have insufficient funds in your Stripe account for this transfer. "
            "Your card balance is too low. You can use the the /v1/balance endpoint to view your Stripe balance "
            "(for more details, see stripe.com/docs/api#balance).",
            "balance_insufficient",
            param="amount",
        )
    payout = send(
        call,
        params.amount,
        currency,
        destination,
        automatic=False,
        description=params.description,
        metadata=merged_metadata({}, params.metadata),
        statement_descriptor=params.statement_descriptor,
    )
    _schedule(call, payout["id"], outcome)
    return payout


def send(
    call: Call,
    amount_minor: int,
    currency: str,
    destination: str,
    *,
    automatic: bool,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    statement_descriptor: str | None = None,
) -> Json:
    """Take money out of the balance and store the payout; the caller schedules what becomes of it."""
    payout: Json = {
        "id": call.identifiers.stripe("po"),
        "object": "payout",
        "amount": amount_minor,
        "arrival_date": call.now + int(call.policy.payout_seconds),
        "automatic": automatic,
        "balance_transaction": None,
        "created": call.now,
        "currency": currency,
        "description": description,
        "destination": destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": metadata or {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": statement_descriptor,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
    payout["balance_transaction"] = balance.record(call, "payout", payout, -amount_minor)["id"]
    call.objects.insert(payout, parent=destination)
    call.ledger.send(payout["id"], Movement.PAYOUT, amount_minor, call.now, currency=currency, account=call.account)
    call.announce("payout.created", payout)
    return payout


def schedule_arrival(call: Call, payout_id: str) -> None:
    """Let a payout leave and arrive in its time."""
    call.schedule(TaskKind.PAYOUT_LEAVES, payout_id, min(_LEAVES_AFTER_SECONDS, call.policy.payout_seconds))
    call.schedule(TaskKind.PAYOUT_ARRIVES, payout_id, call.policy.payout_seconds)


def _schedule(call: Call, payout_id: str, outcome: str) -> None:
    fault, arrives_seconds = call.fault, call.policy.payout_seconds
    if fault and fault.kind is FaultKind.FAILS_LATER:
        schedule_arrival(call, payout_id)
        call.schedule(TaskKind.PAYOUT_FAILS, payout_id, fault.seconds, fault.failure_code)
    elif outcome in {"", banks.RETURNED}:
        schedule_arrival(call, payout_id)
        if outcome:
            returned_seconds = min(_RETURNED_AFTER_SECONDS, arrives_seconds)
            call.schedule(TaskKind.PAYOUT_FAILS, payout_id, arrives_seconds + returned_seconds, "account_closed")
    else:
        call.schedule(TaskKind.PAYOUT_LEAVES, payout_id, min(_LEAVES_AFTER_SECONDS, arrives_seconds))
        call.schedule(TaskKind.PAYOUT_FAILS, payout_id, arrives_seconds, outcome)


def _destination(call: Call, wanted: str | None, currency: str) -> tuple[str, str]:
    """Find the bank account, and how a payout to it ends."""
    if not call.account:
        if wanted not in {None, OUR_BANK}:
            raise resource_missing("external account", wanted or "", "destination")
        return OUR_BANK, ""
    platform = call.on_behalf_of("")
    if wanted is None:
        bank = external_accounts.default_bank(platform, call.account, currency)
    else:
        bank = platform.objects.get(banks.KIND, wanted, "destination")
    if bank is None or bank["account"] != call.account or bank["currency"] != currency:
        raise refused(f"Sorry, you don't have any external accounts in that currency ({currency}).")
    return bank["id"], platform.objects.private(bank["id"])


def _cancel(call: Call, params: Params) -> Json:
    del params
    return payout_is_canceled(call, call.id)


def _update(call: Call, params: UpdatePayout) -> Json:
    payout = call.objects.get("payout", call.id)
    payout["metadata"] = merged_metadata(payout["metadata"], params.metadata)
    call.objects.save(payout)
    call.announce("payout.updated", payout)
    return payout


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("payout", call.id)


def _list(call: Call, params: ListPayouts) -> Json:
    return call.objects.page("payout", call.url, params, parent=params.destination, status=params.status)


OPERATIONS: list[AnyOperation] = [
    Operation("payouts.create", "POST", "/v1/payouts", CreatePayout, _create),
    Operation("payouts.list", "GET", "/v1/payouts", ListPayouts, _list),
    Operation("payouts.retrieve", "GET", "/v1/payouts/{id}", Params, _retrieve),
    Operation("payouts.update", "POST", "/v1/payouts/{id}", UpdatePayout, _update),
    Operation("payouts.cancel", "POST", "/v1/payouts/{id}/cancel", Params, _cancel),
]
