"""Payouts in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.payout_tables import payout as payouts
from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus
from shared_kernel.errors import NotFound

_NAMES = [field.name for field in fields(Payout)]
_SELECT = select(*(payouts.c[name] for name in _NAMES))
_due = (
    select(payouts.c.id)
    .where(payouts.c.look_at <= bindparam("now", type_=payouts.c.look_at.type))
    .order_by(payouts.c.look_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, key_share=True)
)
_TAKE_DUE = (
    update(payouts)
    .where(payouts.c.id.in_(_due))
    .values(version=payouts.c.version + 1)
    .returning(*(payouts.c[name] for name in _NAMES))
)
_CHANGING = (
    "status",
    "psp_transfer_id",
    "psp_payout_id",
    "waiting_reason",
    "waits",
    "failure_reason",
    "look_at",
    "sent_at",
    "paid_at",
    "ended_at",
)


class PostgresPayouts:
    """See `payout_repository.Payouts`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, payout: Payout) -> bool:
        values = {name: getattr(payout, name) for name in _NAMES}
        statement = insert(payouts).values(values).on_conflict_do_nothing().returning(payouts.c.id)
        return (await self._connection.execute(statement)).first() is not None

    async def lock(self, payout_id: UUID) -> Payout:
        statement = _SELECT.where(payouts.c.id == payout_id).with_for_update(key_share=True)
        return _found((await self._connection.execute(statement)).first())

    async def get(self, payout_id: UUID) -> Payout:
        return _found((await self._connection.execute(_SELECT.where(payouts.c.id == payout_id))).first())

    async def find_for_psp(self, psp_payout_id: str) -> Payout | None:
        return await self._one(payouts.c.psp_payout_id == psp_payout_id)

    async def in_place_of(self, payout_id: UUID) -> Payout | None:
        return await self._one(payouts.c.retry_of == payout_id)

    async def _one(self, which: ColumnElement[bool]) -> Payout | None:
        row = (await self._connection.execute(_SELECT.where(which))).first()
        return None if row is None else _payout(row)

    async def save(self, payout: Payout) -> None:
        before = (payouts.c.id == payout.id) & (payouts.c.version == payout.version - 1)
        values = {name: getattr(payout, name) for name in _CHANGING}
        result = await self._connection.execute(update(payouts).where(before).values(version=payout.version, **values))
        if result.rowcount != 1:
            raise RuntimeError(f"payout {payout.id} was changed by somebody who did not hold its lock")

    async def asked_since(self, driver_id: UUID, kind: PayoutKind, since: datetime) -> Sequence[datetime]:
        statement = (
            select(payouts.c.created_at)
            .where(payouts.c.driver_id == driver_id, payouts.c.kind == kind, payouts.c.created_at > since)
            .order_by(payouts.c.created_at)
        )
        return (await self._connection.scalars(statement)).all()

    async def page(
        self, driver_id: UUID | None, status: PayoutStatus | None, before: UUID | None, limit: int
    ) -> Sequence[Payout]:
        statement = _SELECT.order_by(payouts.c.id.desc()).limit(limit)
        if driver_id is not None:
            statement = statement.where(payouts.c.driver_id == driver_id)
        if status is not None:
            statement = statement.where(payouts.c.status == status)
        if before is not None:
            statement = statement.where(payouts.c.id < before)
        return [_payout(row) for row in await self._connection.execute(statement)]

    async def take_due(self, now: datetime, until: datetime, limit: int) -> Sequence[Payout]:
        rows = await self._connection.execute(_TAKE_DUE, {"now": now, "most": limit, "look_at": until})
        return [_payout(row) for row in rows]


def _found(row: Row[Any] | None) -> Payout:
    if row is None:
        raise NotFound("payout_not_found", "there is no such payout")
    return _payout(row)


def _payout(row: Row[Any]) -> Payout:
    values = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]: SQLAlchemy's documented name
    values["kind"] = PayoutKind(row.kind)
    values["status"] = PayoutStatus(row.status)
    return Payout(**values)
