"""What of ours the PSP's objects are: by the names that the PSP gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.dispute_tables import dispute as disputes
from payment_service.adapters.payout_tables import payout as payouts
from payment_service.adapters.refund_tables import refund as refunds
from payment_service.adapters.tables import payment as payments
from payment_service.domain.psp_transaction import PspTransaction, Subject, SubjectKind, TransactionKind

_Columns = tuple[ColumnElement[str], ColumnElement[Any], ColumnElement[Any]]
_PLACES: Mapping[TransactionKind, tuple[SubjectKind, _Columns]] = {
    TransactionKind.CHARGE: (SubjectKind.PAYMENT, (payments.c.psp_payment_id, payments.c.id, payments.c.id)),
    TransactionKind.REFUND: (SubjectKind.REFUND, (refunds.c.psp_refund_id, refunds.c.id, refunds.c.payment_id)),
    TransactionKind.DISPUTE: (SubjectKind.DISPUTE, (disputes.c.psp_dispute_id, disputes.c.id, disputes.c.payment_id)),
    TransactionKind.TRANSFER: (SubjectKind.PAYOUT, (payouts.c.psp_transfer_id, payouts.c.id, null())),
}
"""Where the PSP's name of a kind's subject stands, the subject's own id, and its payment's."""


async def subjects_of(connection: AsyncConnection, transactions: Sequence[PspTransaction]) -> Mapping[str, Subject]:
    """Find what transactions are about, by their ids; what nobody knows is left out."""
    found: dict[str, Subject] = {}
    for transaction_kind, (kind, columns) in _PLACES.items():
        named = {one.id: _name(one) for one in transactions if one.kind is transaction_kind and _name(one)}
        if not named:
            continue
        statement = select(*columns).where(columns[0].in_(set(named.values())))
        known = {name: Subject(kind, own, payment) for name, own, payment in await connection.execute(statement)}
        found |= {one: known[name] for one, name in named.items() if name in known}
    return found


def _name(transaction: PspTransaction) -> str:
    """Return the PSP's name of what we know.

    A charge is known by its payment, a reversal by its transfer, all else by itself.
    """
    match transaction.kind:
        case TransactionKind.CHARGE:
            return transaction.parent_id
        case TransactionKind.TRANSFER:
            return transaction.parent_id or transaction.source_id
        case _:
            return transaction.source_id
