"""Refunds in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.codec import postings_from_json, postings_to_json
from payment_service.adapters.refund_tables import refund as refunds
from payment_service.adapters.rows import page_of, save_over, take_looks
from payment_service.domain.refund import BorneBy, Destination, Refund, RefundStatus
from payment_service.use_cases.refunds_repository import RefundFilter
from shared_kernel.money import Money

_PLAIN = tuple(field.name for field in fields(Refund) if field.name not in ("amount", "shares"))
_CHANGING = ("status", "psp_refund_id", "failure_reason", "looks", "look_at", "paid_at", "failed_at")


class PostgresRefunds:
    """See `refunds_repository.Refunds`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, refund: Refund) -> None:
        values = {name: getattr(refund, name) for name in _PLAIN}
        values |= {"currency_code": refund.amount.currency_code, "amount_minor": refund.amount.amount_minor}
        statement = insert(refunds).values(**values, shares=postings_to_json(refund.shares))
        await self._connection.execute(statement)

    async def get(self, refund_id: UUID) -> Refund | None:
        row = (await self._connection.execute(select(refunds).where(refunds.c.id == refund_id))).first()
        return None if row is None else _refund(row)

    async def lock(self, refund_id: UUID) -> Refund | None:
        return await self.lock_seen(refund_id, "")

    async def lock_seen(self, refund_id: UUID | None, psp_refund_id: str) -> Refund | None:
        named = and_(refunds.c.psp_refund_id == psp_refund_id, refunds.c.psp_refund_id != "")
        which = named if refund_id is None else or_(refunds.c.id == refund_id, named)
        statement = select(refunds).where(which).limit(1).with_for_update(key_share=True)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _refund(row)

    async def save(self, refund: Refund) -> None:
        values = {name: getattr(refund, name) for name in _CHANGING}
        await save_over(self._connection, refunds, refund.id, refund.version, values)

    async def of_payments(self, payment_ids: Sequence[UUID]) -> Sequence[Refund]:
        statement = select(refunds).where(refunds.c.payment_id.in_(payment_ids))
        statement = statement.order_by(refunds.c.created_at, refunds.c.id)
        return [_refund(row) for row in await self._connection.execute(statement)]

    async def due_for_a_look(self, now: datetime, until: datetime, limit: int) -> Sequence[Refund]:
        return [_refund(row) for row in await take_looks(self._connection, refunds, now, until, limit)]

    async def page(self, which: RefundFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Refund]:
        wanted = {field.name: getattr(which, field.name) for field in fields(which)}
        conditions = [refunds.c[name] == value for name, value in wanted.items() if value is not None]
        return [_refund(row) for row in await self._connection.execute(page_of(refunds, conditions, limit, after))]


def _refund(row: Row[Any]) -> Refund:
    values: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    values["borne_by"] = BorneBy(row.borne_by)
    values["destination"] = Destination(row.destination)
    values["status"] = RefundStatus(row.status)
    amount = Money(row.currency_code, row.amount_minor)
    return Refund(**values, amount=amount, shares=postings_from_json(row.shares))
