"""Stripe's balance transactions: what moved our balance there.

Source: Stripe's pages on balance transaction types and on reporting categories. A capture below the hold may be listed
as two: the whole hold, and the part that was not captured taken back (`partial_capture_reversal`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import stripe

from payment_service.adapters.stripe_amounts import from_stripe
from payment_service.domain.psp_transaction import PspTransaction, TransactionKind
from payment_service.use_cases.outcomes import TransactionPage

_KIND = {
    "charge": TransactionKind.CHARGE,
    "payment": TransactionKind.CHARGE,
    "refund": TransactionKind.REFUND,
    "payment_refund": TransactionKind.REFUND,
    "refund_failure": TransactionKind.REFUND,
    "payment_failure_refund": TransactionKind.CHARGE,
    "transfer": TransactionKind.TRANSFER,
    "transfer_refund": TransactionKind.TRANSFER,
    "transfer_cancel": TransactionKind.TRANSFER,
    "transfer_failure": TransactionKind.TRANSFER,
    "payout": TransactionKind.SETTLEMENT,
    "payout_cancel": TransactionKind.SETTLEMENT,
    "payout_failure": TransactionKind.SETTLEMENT,
    "stripe_fee": TransactionKind.FEE,
    "stripe_fx_fee": TransactionKind.FEE,
    "tax_fee": TransactionKind.FEE,
}
_KIND_OF_CATEGORY = {
    "dispute": TransactionKind.DISPUTE,
    "dispute_reversal": TransactionKind.DISPUTE,
    "partial_capture_reversal": TransactionKind.CHARGE,
    "charge_failure": TransactionKind.CHARGE,
    "refund_failure": TransactionKind.REFUND,
    "fee": TransactionKind.FEE,
}
"""What a type as wide as `adjustment` leaves open."""


async def page_of_transactions(
    api: stripe.V1Services, since: datetime | None, after: str, limit: int
) -> TransactionPage:
    """See `ports.PaymentServiceProvider.list_transactions`."""
    wanted: dict[str, Any] = {"limit": limit, "expand": ["data.source"]}
    if since is not None:
        wanted["created"] = {"gte": int(since.timestamp())}
    if after:
        wanted["starting_after"] = after
    page = await api.balance_transactions.list_async(cast("Any", wanted))
    return TransactionPage(tuple(_read(transaction) for transaction in page.data), page.has_more)


def _read(transaction: stripe.BalanceTransaction) -> PspTransaction:
    source = cast("Any", transaction.source)
    kind = _KIND_OF_CATEGORY.get(transaction.reporting_category) or _KIND.get(transaction.type, TransactionKind.OTHER)
    return PspTransaction(
        id=transaction.id,
        kind=kind,
        type=transaction.type,
        amount=from_stripe(transaction.amount, transaction.currency),
        fee=from_stripe(transaction.fee, transaction.currency),
        source_id=source if isinstance(source, str) else _named(source, "id"),
        parent_id="" if isinstance(source, str) else _parent(source, kind),
        created_at=datetime.fromtimestamp(transaction.created, UTC),
        available_at=datetime.fromtimestamp(transaction.available_on, UTC),
    )


def _parent(source: Any, kind: TransactionKind) -> str:
    match kind:
        case TransactionKind.CHARGE | TransactionKind.REFUND:
            return _named(source, "payment_intent")
        case TransactionKind.DISPUTE:
            return _named(source, "charge")
        case TransactionKind.TRANSFER:
            # A reversal tells its transfer; the transfer itself tells none.
            return _named(source, "transfer")
        case _:
            return ""


def _named(source: Any, field: str) -> str:
    value = getattr(source, field, None)
    return value if isinstance(value, str) else str(getattr(value, "id", "") or "")
