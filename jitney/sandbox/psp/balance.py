"""Balance transactions: what each capture and refund did to the balance with the processor, its fee taken off."""

from __future__ import annotations

from typing import Literal

from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import Currency, Identifier, ListParams, Params

_FEE_PER_MILLE = 29
_FEE_FIXED_MINOR = 30
_AVAILABLE_AFTER_SECONDS = 2 * 24 * 3600


class ListTransactions(ListParams):
    """Which transactions: of one charge or refund, of one type, in one currency."""

    source: Identifier | None = None
    type: Literal["charge", "refund"] | None = None
    currency: Currency | None = None


def record(call: Call, transaction_type: Literal["charge", "refund"], source: Json, amount_minor: int) -> Json:
    """Store what a capture (positive) or a refund (negative) did. A refund does not give the fee back, as at Stripe.

    The fee is Stripe's list price for cards in the United States: 2.9 % rounded half up, and 30 minor units.
    """
    fee_minor = (amount_minor * _FEE_PER_MILLE + 500) // 1000 + _FEE_FIXED_MINOR if transaction_type == "charge" else 0
    fees = [
        {"amount": fee_minor, "currency": source["currency"], "description": "Processing fees", "type": "stripe_fee"}
    ]
    transaction: Json = {
        "id": call.identifiers.stripe("txn"),
        "object": "balance_transaction",
        "amount": amount_minor,
        "available_on": call.now + _AVAILABLE_AFTER_SECONDS,
        "created": call.now,
        "currency": source["currency"],
        "description": None,
        "exchange_rate": None,
        "fee": fee_minor,
        "fee_details": fees if fee_minor else [],
        "net": amount_minor - fee_minor,
        "reporting_category": transaction_type,
        "source": source["id"],
        "status": "pending",
        "type": transaction_type,
    }
    call.objects.insert(transaction, parent=source["id"], event_type=transaction_type, private=source["currency"])
    return transaction


def _settled(transaction: Json, now: int) -> Json:
    status = "available" if transaction["available_on"] <= now else "pending"
    return {**transaction, "status": status}


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return _settled(call.objects.get("balance_transaction", call.id), call.now)


def _list(call: Call, params: ListTransactions) -> Json:
    types = [params.type] if params.type else []
    currency = params.currency.lower() if params.currency else None
    page = call.objects.page("balance_transaction", call.url, params, types, parent=params.source, private=currency)
    return {**page, "data": [_settled(transaction, call.now) for transaction in page["data"]]}


OPERATIONS: list[AnyOperation] = [
    Operation("balance_transactions.list", "GET", "/v1/balance_transactions", ListTransactions, _list),
    Operation("balance_transactions.retrieve", "GET", "/v1/balance_transactions/{id}", Params, _retrieve),
]
