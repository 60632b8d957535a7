"""The inbox: events already taken in, so that a redelivered one has its effect once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, MetaData, PrimaryKeyConstraint, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.retention import trim as trim_table

KEEP_SECONDS = 7 * 86_400
"""Longer than any outbox keeps published events (a day), or a refilled stream would be taken in twice."""


def inbox_table(metadata: MetaData) -> Table:
    """Describe the table of a service's inbox."""
    return Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, nullable=False),
        Column("consumer", Text, nullable=False),
        Column("consumed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("event_id", "consumer"),
        Index(None, "consumed_at"),
    )


async def first_time(connection: AsyncConnection, table: Table, event_id: UUID, consumer: str) -> bool:
    """Note an event in the transaction of its effect; False if it was noted before, and then there is nothing to do.

    Of two transactions with the same event, the second waits for the first to end.
    """
    statement = insert(table).values(event_id=event_id, consumer=consumer).on_conflict_do_nothing()
    return (await connection.execute(statement.returning(table.c.event_id))).first() is not None


async def trim(connection: AsyncConnection, table: Table, before: datetime) -> int:
    """Delete what was consumed before a time, at most one batch; return how many."""
    return await trim_table(connection, table, table.c.consumed_at, before)
