"""Items of reconciliation in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.reconciliation_tables import reconciliation_item as items
from payment_service.domain.psp_transaction import Subject, SubjectKind
from payment_service.domain.reconciliation import Item, ItemKind, ItemStatus, Resolution
from shared_kernel.errors import NotFound
from shared_kernel.money import Money

_IS_OPEN = items.c.status == ItemStatus.OPEN
_NOT_CLOSED = items.c.status != ItemStatus.CLOSED


class PostgresItems:
    """See `reconciliation_repository.Reconciliation`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_item(self, item: Item) -> bool:
        statement = insert(items).values(_values(item)).on_conflict_do_nothing().returning(items.c.id)
        if (await self._connection.execute(statement)).first() is not None:
            return True
        same = and_(items.c.kind == item.kind, items.c.reference == item.reference, _IS_OPEN)
        amount = {"amount_minor": item.amount.amount_minor, "currency_code": item.amount.currency_code}
        await self._connection.execute(update(items).where(same).values(detail=item.detail, **amount))
        return False

    async def close_agreed(
        self,
        now: datetime,
        *,
        subject_id: UUID | None = None,
        transaction_id: str | None = None,
        of: tuple[ItemKind, str] | None = None,
    ) -> int:
        about: list[ColumnElement[bool]] = [_IS_OPEN]
        if subject_id is not None:
            about.append(items.c.subject_id == subject_id)
        if transaction_id is not None:
            about += [items.c.kind == ItemKind.UNKNOWN_TRANSACTION, items.c.reference == transaction_id]
        if of is not None:
            about += [items.c.kind == of[0], items.c.reference == of[1]]
        closed = {"status": ItemStatus.CLOSED, "resolution": Resolution.AGREED, "closed_at": now}
        return (await self._connection.execute(update(items).where(*about).values(closed))).rowcount

    async def last_explained(self, kind: ItemKind, reference: str) -> Item | None:
        statement = (
            select(items)
            .where(items.c.kind == kind, items.c.reference == reference, items.c.resolution == Resolution.EXPLAINED)
            .order_by(items.c.closed_at.desc())
            .limit(1)
        )
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _item(row)

    async def lock_item(self, item_id: UUID) -> Item:
        return await self._one(select(items).where(items.c.id == item_id).with_for_update(key_share=True))

    async def get_item(self, item_id: UUID) -> Item:
        return await self._one(select(items).where(items.c.id == item_id))

    async def save_item(self, item: Item) -> None:
        values = {
            "status": item.status,
            "resolution": item.resolution,
            "note": item.note,
            "resolved_by": item.resolved_by,
            "closed_at": item.closed_at,
        }
        await self._connection.execute(update(items).where(items.c.id == item.id).values(values))

    async def list_items(self, *, only_open: bool, after: UUID | None, limit: int) -> Sequence[Item]:
        statement = select(items).order_by(items.c.id).limit(limit)
        if only_open:
            statement = statement.where(_NOT_CLOSED)
        if after is not None:
            statement = statement.where(items.c.id > after)
        return [_item(row) for row in await self._connection.execute(statement)]

    async def _one(self, statement: Any) -> Item:
        row = (await self._connection.execute(statement)).first()
        if row is None:
            raise NotFound("item_not_found", "there is no such item")
        return _item(row)


def _values(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "reference": item.reference,
        "currency_code": item.amount.currency_code,
        "amount_minor": item.amount.amount_minor,
        "psp_transaction_id": item.psp_transaction_id,
        "subject_kind": item.subject.kind if item.subject else "",
        "subject_id": item.subject.id if item.subject else None,
        "payment_id": item.subject.payment_id if item.subject else None,
        "detail": item.detail,
        "status": item.status,
        "opened_at": item.opened_at,
    }


def _item(row: Row[Any]) -> Item:
    subject = None
    if row.subject_id is not None:
        subject = Subject(SubjectKind(row.subject_kind), row.subject_id, row.payment_id)
    return Item(
        id=row.id,
        kind=ItemKind(row.kind),
        reference=row.reference,
        amount=Money(row.currency_code, row.amount_minor),
        detail=row.detail,
        opened_at=row.opened_at,
        psp_transaction_id=row.psp_transaction_id,
        subject=subject,
        status=ItemStatus(row.status),
        resolution=Resolution(row.resolution),
        note=row.note,
        resolved_by=row.resolved_by,
        closed_at=row.closed_at,
    )
