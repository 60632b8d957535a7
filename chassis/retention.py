"""Keeping tables of the past bounded: rows older than their time are deleted in small batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, exists, false, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from shared_kernel.clock import Clock

BATCH_ROWS = 5_000
_PERIOD_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Keep:
    """How long rows of a table are kept, counted from the time in an indexed column."""

    table: Table
    column: str
    seconds: float
    needed: ColumnElement[bool] | None = None
    """Rows that stay however old they are."""


def still_named(table: Table) -> ColumnElement[bool]:
    """Tell of a row that a row of another table names it: such a row stays."""
    references = (
        key for other in table.metadata.tables.values() for key in other.foreign_keys if key.column.table is table
    )
    return or_(false(), *(exists().where(key.parent == key.column) for key in references))


async def trim(
    connection: AsyncConnection,
    table: Table,
    column: Column[Any],
    before: datetime,
    needed: ColumnElement[bool] | None = None,
) -> int:
    """Delete rows whose time is before a moment, the oldest first, at most one batch; return how many."""
    key = list(table.primary_key.columns)
    old = column < before if needed is None else and_(column < before, not_(needed))
    oldest = select(*key).where(old).order_by(column).limit(BATCH_ROWS).with_for_update(skip_locked=True)
    matches = key[0].in_(oldest) if len(key) == 1 else tuple_(*key).in_(oldest)

    return (await connection.execute(delete(table).where(matches))).rowcount


async def trim_forever(database: Database, keeps: Sequence[Keep], clock: Clock) -> None:
    """Trim the tables every five minutes; a worker. Each batch is a transaction of its own."""
    while True:
        for keep in keeps:
            before = clock.now() - timedelta(seconds=keep.seconds)
            deleted = BATCH_ROWS
            while deleted == BATCH_ROWS:
                async with database.transaction() as connection:
                    deleted = await trim(connection, keep.table, keep.table.c[keep.column], before, keep.needed)
        await asyncio.sleep(_PERIOD_SECONDS)
