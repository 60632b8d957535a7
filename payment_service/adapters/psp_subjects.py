"""What of ours the PSP's objects are: by the names that the PSP gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.tables import payment as payments
from payment_service.domain.psp_transaction import PspTransaction, Subject, SubjectKind, TransactionKind


async def subjects_of(connection: AsyncConnection, transactions: Sequence[PspTransaction]) -> Mapping[str, Subject]:
    """Find what transactions are about, by their ids; what nobody knows is left out."""
    return await _payments(connection, [one for one in transactions if one.kind is TransactionKind.CHARGE])


async def _payments(connection: AsyncConnection, charges: Sequence[PspTransaction]) -> dict[str, Subject]:
    named = {charge.parent_id for charge in charges if charge.parent_id}
    if not named:
        return {}
    statement = select(payments.c.psp_payment_id, payments.c.id).where(payments.c.psp_payment_id.in_(named))
    known = {row.psp_payment_id: row.id for row in await connection.execute(statement)}
    return {
        charge.id: Subject(SubjectKind.PAYMENT, known[charge.parent_id], known[charge.parent_id])
        for charge in charges
        if charge.parent_id in known
    }
