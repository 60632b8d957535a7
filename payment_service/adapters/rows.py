"""What the repositories of versioned rows share: a change over the version before it, looks that are due, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection


async def save_over(
    connection: AsyncConnection, table: Table, row_id: UUID, version: int, values: Mapping[str, Any]
) -> None:
    """Write a row over the version before it; RuntimeError if somebody else changed it."""
    before = (table.c.id == row_id) & (table.c.version == version - 1)
    result = await connection.execute(update(table).where(before).values(version=version, **values))
    if result.rowcount != 1:
        raise RuntimeError(f"{table.name} {row_id} was changed by somebody who did not hold its lock")


async def take_looks(
    connection: AsyncConnection, table: Table, now: datetime, until: datetime, limit: int
) -> Sequence[Row[Any]]:
    """Put the looks that are due off until a time, as a lease, and return their rows."""
    due = (
        select(table.c.id)
        .where(table.c.look_at <= now)
        .order_by(table.c.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    leased = update(table).where(table.c.id.in_(due)).values(look_at=until, version=table.c.version + 1)
    return (await connection.execute(leased.returning(table))).all()


def page_of(
    table: Table, conditions: Sequence[ColumnElement[bool]], limit: int, after: tuple[datetime, UUID] | None
) -> Select[Any]:
    """Select a page of rows, newest first, after the (created_at, id) of the last page."""
    statement = select(table).where(*conditions)
    if after is not None:
        statement = statement.where(tuple_(table.c.created_at, table.c.id) < tuple_(*after))
    return statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
