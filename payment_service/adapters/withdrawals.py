"""Withdrawals in Postgres; the amounts of their parts, and how they stand, are those of the refunds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.refund_tables import refund as refunds
from payment_service.adapters.withdrawal_tables import withdrawal as withdrawals
from payment_service.adapters.withdrawal_tables import withdrawal_part as parts
from payment_service.domain.refund import RefundStatus
from payment_service.domain.withdrawal import Withdrawal, WithdrawalPart
from shared_kernel.money import Money


class PostgresWithdrawals:
    """See `withdrawal_repository.Withdrawals`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, withdrawal: Withdrawal) -> None:
        amount = withdrawal.amount
        await self._connection.execute(
            insert(withdrawals).values(
                id=withdrawal.id,
                rider_id=withdrawal.rider_id,
                currency_code=amount.currency_code,
                amount_minor=amount.amount_minor,
                created_at=withdrawal.created_at,
            )
        )
        # In one statement: the database compares them with the withdrawal.
        rows = [{"refund_id": part.refund_id, "withdrawal_id": withdrawal.id} for part in withdrawal.parts]
        await self._connection.execute(insert(parts).values(rows))

    async def get(self, withdrawal_id: UUID) -> Withdrawal:
        return (await self._read(select(withdrawals).where(withdrawals.c.id == withdrawal_id)))[0]

    async def list_of(self, rider_id: UUID, limit: int, before: UUID | None) -> Sequence[Withdrawal]:
        # Their ids are made in the order of time (UUIDv7).
        statement = select(withdrawals).where(withdrawals.c.rider_id == rider_id)
        if before is not None:
            statement = statement.where(withdrawals.c.id < before)
        return await self._read(statement.order_by(withdrawals.c.id.desc()).limit(limit))

    async def _read(self, statement: Select[Any]) -> list[Withdrawal]:
        rows = (await self._connection.execute(statement)).all()
        of_them: dict[UUID, list[WithdrawalPart]] = {row.id: [] for row in rows}
        found = (
            select(parts.c.withdrawal_id, refunds)
            .join(refunds, refunds.c.id == parts.c.refund_id)
            .where(parts.c.withdrawal_id.in_(of_them))
            .order_by(refunds.c.id)
        )
        for row in await self._connection.execute(found):
            amount = Money(row.currency_code, row.amount_minor)
            of_them[row.withdrawal_id].append(WithdrawalPart(row.id, row.payment_id, amount, RefundStatus(row.status)))
        return [
            Withdrawal(
                row.id, row.rider_id, Money(row.currency_code, row.amount_minor), tuple(of_them[row.id]), row.created_at
            )
            for row in rows
        ]
