"""Transfers: money of the platform's balance given to a connected account's, and taken back (reversals).

What is transferred may be spent at once. In the connected account a transfer shows as a charge of its own (`py_…`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jitney.sandbox.psp import balance, funds
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.ledger import Movement
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    Currency,
    Description,
    Identifier,
    Integer,
    ListParams,
    Metadata,
    Params,
    Text,
    described,
    merged_metadata,
)

MAX_TRANSFER_MINOR = 999_999_999_999
_POSITIVE = Field(ge=1, le=MAX_TRANSFER_MINOR)


class CreateTransfer(Params):
    """How much goes to whom."""

    amount: Annotated[Integer, _POSITIVE]
    currency: Currency
    destination: Identifier
    description: Text | None = None
    transfer_group: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class ListTransfers(ListParams):
    """Whose transfers, or those of a group."""

    destination: Identifier | None = None
    transfer_group: Text | None = None


class CreateReversal(Params):
    """How much is taken back: all that is left, unless an amount is given."""

    amount: Annotated[Integer, _POSITIVE] | None = None
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


def _create(call: Call, params: CreateTransfer) -> Json:
    account, currency = call.objects.get("account", params.destination, "destination"), params.currency.lower()
    if account["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            "insufficient_capabilities_for_transfer",
        )
    if funds.available_minor(call.connection, call.account, currency, call.now) < params.amount:
        raise refused(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
            "balance by creating Charges using the 4000000000000077 test card.",
            "balance_insufficient",
        )
    identifier = call.identifiers.stripe("tr")
    payment = _payment(call.on_behalf_of(account["id"]), params.amount, currency, identifier)
    transfer: Json = {
        "id": identifier,
        "object": "transfer",
        "amount": params.amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": call.now,
        "currency": currency,
        "description": params.description,
        "destination": account["id"],
        "destination_payment": payment["id"],
        "livemode": False,
        "metadata": merged_metadata({}, params.metadata),
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": params.transfer_group or f"group_{identifier}",
    }
    transfer["balance_transaction"] = balance.record(call, "transfer", transfer, -params.amount)["id"]
    call.objects.insert(transfer, parent=account["id"], event_type=transfer["transfer_group"])
    call.ledger.send(identifier, Movement.TRANSFER, params.amount, call.now, currency=currency, account=account["id"])
    shown = _shown(call, transfer)
    call.announce("transfer.created", shown)
    return shown


def _payment(call: Call, amount_minor: int, currency: str, transfer: str) -> Json:
    """Put the money into the connected account's balance."""
    payment: Json = {
        "id": call.identifiers.stripe("py"),
        "object": "charge",
        "amount": amount_minor,
        "amount_captured": amount_minor,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": True,
        "created": call.now,
        "currency": currency,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": None,
        "refunded": False,
        "source_transfer": transfer,
        "status": "succeeded",
    }
    payment["balance_transaction"] = balance.record(call, "payment", payment, amount_minor)["id"]
    call.objects.insert(payment, parent=transfer)
    call.announce("payment.created", payment)
    return payment


def _reverse(call: Call, params: CreateReversal) -> Json:
    transfer = call.objects.get("transfer", call.id)
    left_minor = transfer["amount"] - transfer["amount_reversed"]
    amount_minor = params.amount or left_minor
    if left_minor == 0 or amount_minor > left_minor:
        raise refused(
            f"The amount to reverse ({amount_minor}) is greater than what is left of the transfer ({left_minor}).",
            "amount_too_large",
            param="amount",
        )
    theirs, currency = call.on_behalf_of(transfer["destination"]), transfer["currency"]
    if funds.available_minor(call.connection, theirs.account, currency, call.now) < amount_minor:
        raise refused(
            "The connected account has insufficient available funds for this reversal.", "balance_insufficient"
        )
    refund = {"id": call.identifiers.stripe("pyr"), "currency": currency}
    balance.record(theirs, "payment_refund", refund, -amount_minor, category="refund")
    payment = theirs.objects.get("charge", transfer["destination_payment"])
    payment["amount_refunded"] += amount_minor
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    theirs.objects.save(payment)
    reversal: Json = {
        "id": call.identifiers.stripe("trr"),
        "object": "transfer_reversal",
        "amount": amount_minor,
        "balance_transaction": None,
        "created": call.now,
        "currency": currency,
        "destination_payment_refund": refund["id"],
        "metadata": merged_metadata({}, params.metadata),
        "source_refund": None,
        "transfer": transfer["id"],
    }
    reversal["balance_transaction"] = balance.record(call, "transfer_refund", reversal, amount_minor)["id"]
    call.objects.insert(reversal, parent=transfer["id"])
    transfer["amount_reversed"] += amount_minor
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    call.objects.save(transfer)
    call.ledger.send(transfer["id"], Movement.TRANSFER_REVERSED, amount_minor, call.now, currency=currency)
    call.announce("transfer.reversed", _shown(call, transfer))
    return reversal


def _shown(call: Call, transfer: Json) -> Json:
    url = f"/v1/transfers/{transfer['id']}/reversals"
    listing = call.objects.page("transfer_reversal", url, ListParams(), parent=transfer["id"])
    return {**transfer, "reversals": {**listing, "total_count": len(listing["data"])}}


def _update(call: Call, params: Description) -> Json:
    transfer = described(call.objects.get("transfer", call.id), params)
    call.objects.save(transfer)
    call.announce("transfer.updated", _shown(call, transfer))
    return _shown(call, transfer)


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return _shown(call, call.objects.get("transfer", call.id))


def _list(call: Call, params: ListTransfers) -> Json:
    groups = [params.transfer_group] if params.transfer_group else []
    page = call.objects.page("transfer", call.url, params, groups, parent=params.destination)
    return {**page, "data": [_shown(call, transfer) for transfer in page["data"]]}


def _list_reversals(call: Call, params: ListParams) -> Json:
    call.objects.get("transfer", call.id)
    return call.objects.page("transfer_reversal", call.url, params, parent=call.id)


def _retrieve_reversal(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("transfer_reversal", call.path["reversal"])


_REVERSALS = "/v1/transfers/{id}/reversals"
OPERATIONS: list[AnyOperation] = [
    Operation("transfers.create", "POST", "/v1/transfers", CreateTransfer, _create),
    Operation("transfers.list", "GET", "/v1/transfers", ListTransfers, _list),
    Operation("transfers.retrieve", "GET", "/v1/transfers/{id}", Params, _retrieve),
    Operation("transfers.update", "POST", "/v1/transfers/{id}", Description, _update),
    Operation("transfer_reversals.create", "POST", _REVERSALS, CreateReversal, _reverse),
    Operation("transfer_reversals.list", "GET", _REVERSALS, ListParams, _list_reversals),
    Operation("transfer_reversals.retrieve", "GET", _REVERSALS + "/{reversal}", Params, _retrieve_reversal),
]
