"""Disputes in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.dispute_tables import dispute as disputes
from payment_service.adapters.rows import page_of, save_over, take_looks
from payment_service.domain.dispute import Dispute, DisputeStatus, LossBorneBy
from payment_service.use_cases.disputes_repository import DisputeFilter

_NAMES = tuple(field.name for field in fields(Dispute))
_CHANGING = (
    "amount_minor",
    "withdrawn_minor",
    "reinstated_minor",
    "fee_minor",
    "reason",
    "status",
    "borne_by",
    "evidence_due_at",
    "look_at",
    "closed_at",
)


class PostgresDisputes:
    """See `disputes_repository.Disputes`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, dispute: Dispute) -> None:
        statement = insert(disputes).values(**{name: getattr(dispute, name) for name in _NAMES})
        await self._connection.execute(statement)

    async def get(self, dispute_id: UUID) -> Dispute | None:
        row = (await self._connection.execute(select(disputes).where(disputes.c.id == dispute_id))).first()
        return None if row is None else _dispute(row)

    async def lock(self, dispute_id: UUID) -> Dispute | None:
        return await self._lock(disputes.c.id == dispute_id)

    async def lock_seen(self, psp_dispute_id: str) -> Dispute | None:
        return await self._lock(disputes.c.psp_dispute_id == psp_dispute_id)

    async def _lock(self, which: ColumnElement[bool]) -> Dispute | None:
        statement = select(disputes).where(which).with_for_update(key_share=True)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _dispute(row)

    async def save(self, dispute: Dispute) -> None:
        values = {name: getattr(dispute, name) for name in _CHANGING}
        await save_over(self._connection, disputes, dispute.id, dispute.version, values)

    async def statuses_of_payment(self, payment_id: UUID) -> Sequence[DisputeStatus]:
        statement = select(disputes.c.status).where(disputes.c.payment_id == payment_id)
        return [DisputeStatus(status) for status in await self._connection.scalars(statement)]

    async def known(self, psp_dispute_ids: Sequence[str]) -> Mapping[str, DisputeStatus]:
        statement = select(disputes.c.psp_dispute_id, disputes.c.status)
        rows = await self._connection.execute(statement.where(disputes.c.psp_dispute_id.in_(psp_dispute_ids)))
        return {row.psp_dispute_id: DisputeStatus(row.status) for row in rows}

    async def due_for_a_look(self, now: datetime, until: datetime, limit: int) -> Sequence[Dispute]:
        return [_dispute(row) for row in await take_looks(self._connection, disputes, now, until, limit)]

    async def page(self, which: DisputeFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Dispute]:
        wanted = {field.name: getattr(which, field.name) for field in fields(which)}
        conditions = [disputes.c[name] == value for name, value in wanted.items() if value is not None]
        return [_dispute(row) for row in await self._connection.execute(page_of(disputes, conditions, limit, after))]


def _dispute(row: Row[Any]) -> Dispute:
    values: dict[str, Any] = {name: getattr(row, name) for name in _NAMES}
    values["status"] = DisputeStatus(row.status)
    values["borne_by"] = LossBorneBy(row.borne_by)
    return Dispute(**values)
