"""Balance transactions: what each capture, refund, dispute, transfer and payout did to a balance with the processor."""

from __future__ import annotations

from typing import Literal

from jitney.sandbox.psp import funds
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import Currency, Identifier, ListParams, Params

_FEE_PER_MILLE = 29
_FEE_FIXED_MINOR = 30
TransactionType = Literal[
    "adjustment",
    "charge",
    "payment",
    "payment_refund",
    "payout",
    "payout_cancel",
    "payout_failure",
    "refund",
    "refund_failure",
    "transfer",
    "transfer_refund",
]


class ListTransactions(ListParams):
    """Which transactions: of one source, of one type, in one currency, or those that an automatic payout paid out."""

    source: Identifier | None = None
    type: TransactionType | None = None
    currency: Currency | None = None
    payout: Identifier | None = None


def charge_fee_minor(amount_minor: int) -> int:
    """Stripe's list price for cards in the United States: 2.9 % rounded half up, and 30 minor units."""
    return (amount_minor * _FEE_PER_MILLE + 500) // 1000 + _FEE_FIXED_MINOR


def record(
    call: Call,
    transaction_type: TransactionType,
    source: Json,
    amount_minor: int,
    *,
    fee_minor: int = 0,
    category: str = "",
    after_seconds: float = 0,
) -> Json:
    """Store what something did to the balance of the call's account.

    Args:
        call: the transaction and the account.
        transaction_type: Stripe's type.
        source: the object that did it.
        amount_minor: into the balance, or (negative) out of it, before the fee.
        fee_minor: what the processor keeps.
        category: Stripe's reporting category; the type unless given.
        after_seconds: when it may be spent.
    """
    available_on = call.now + int(after_seconds)
    fees = [
        {"amount": fee_minor, "currency": source["currency"], "description": "Processing fees", "type": "stripe_fee"}
    ]
    transaction: Json = {
        "id": call.identifiers.stripe("txn"),
        "object": "balance_transaction",
        "amount": amount_minor,
        "available_on": available_on,
        "created": call.now,
        "currency": source["currency"],
        "description": None,
        "exchange_rate": None,
        "fee": fee_minor,
        "fee_details": fees if fee_minor else [],
        "net": amount_minor - fee_minor,
        "reporting_category": category or transaction_type,
        "source": source["id"],
        "status": "pending",
        "type": transaction_type,
    }
    call.objects.insert(transaction, parent=source["id"], event_type=transaction_type, private=source["currency"])
    funds.add(call.connection, call.account, source["currency"], transaction["net"], available_on, call.now)
    return shown(transaction, call.now)


def shown(transaction: Json, now: int) -> Json:
    """Show a transaction as it stands now."""
    return {**transaction, "status": "available" if transaction["available_on"] <= now else "pending"}


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return shown(call.objects.get("balance_transaction", call.id), call.now)


def _list(call: Call, params: ListTransactions) -> Json:
    page = call.objects.page(
        "balance_transaction",
        call.url,
        params,
        [params.type] if params.type else [],
        parent=params.source,
        private=params.currency.lower() if params.currency else None,
        payout=params.payout,
    )
    return {**page, "data": [shown(transaction, call.now) for transaction in page["data"]]}


def _balance(call: Call, params: Params) -> Json:
    del params
    available, pending = funds.balances(call.connection, call.account, call.now)
    currencies = sorted({*available, *pending}) or ["usd"]

    def amounts(by_currency: dict[str, int]) -> list[Json]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency in currencies
            for amount in (by_currency.get(currency, 0),)
        ]

    return {"object": "balance", "available": amounts(available), "livemode": False, "pending": amounts(pending)}


OPERATIONS: list[AnyOperation] = [
    Operation("balance.retrieve", "GET", "/v1/balance", Params, _balance),
    Operation("balance_transactions.list", "GET", "/v1/balance_transactions", ListTransactions, _list),
    Operation("balance_transactions.retrieve", "GET", "/v1/balance_transactions/{id}", Params, _retrieve),
]
