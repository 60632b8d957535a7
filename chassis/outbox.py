"""The outbox: events are written with the state they report, and a relay in the same service publishes them.

Rows are kept for a day after publishing (`published_at`) instead of being deleted at once. That costs an update where
a delete would do, and buys this: Postgres stays the truth. The relay leaves a mark beside the stream in Redis (the time
of the last published batch). A mark or stream that is gone, or a mark older than the last batch Postgres knows of
(Redis came back from an old snapshot, or failed over to a replica that had not heard of the batch), means that Redis
lost events: all kept rows since that mark are published again, in order, and consumers' inboxes drop what they know.

Marks are times of the database's clock, one for all replicas of a service, whose own clocks need not agree. Where it is
set back, as by a fail-over of PostgreSQL, the events of the time that comes twice may be published once more.

Order: one relay at a time drains an outbox (an advisory lock of the transaction), by `seq`. Writers number an
aggregate's events while they hold its row, so an aggregate's events appear in its order. XADD happens before the
commit: a crash in between publishes twice, but never not at all.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    case,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from chassis.database import Database
from chassis.telemetry import current_traceparent

_log = logging.getLogger(__name__)

KEEP_SECONDS = 86_400
"""How long published events stay, so that a lost Redis can be filled again."""


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """A fact to publish: its own id, whom it is about, that aggregate's version after it, when, and the message.

    Its consumers go on with the trace of `traceparent`; empty: with the one under way when it is written.
    """

    id: UUID
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    message: Message
    traceparent: str = ""


def outbox_table(metadata: MetaData) -> Table:
    """Describe the table of a service's outbox."""
    return Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("aggregate_id", Uuid, nullable=False),
        Column("aggregate_version", Integer, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=False, server_default=""),
        Column("payload", LargeBinary, nullable=False),
        Column("published_at", DateTime(timezone=True)),
        UniqueConstraint("id"),
        Index("ix_outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_published_at", "published_at", postgresql_where=text("published_at IS NOT NULL")),
    )


async def append_events(connection: AsyncConnection, table: Table, events: Sequence[OutgoingEvent]) -> None:
    """Write events in the transaction of the change they report; wake the relay after its commit."""
    if events:
        traceparent = current_traceparent()
        await connection.execute(insert(table), [row_of(event, traceparent) for event in events])


def row_of(event: OutgoingEvent, traceparent: str = "") -> dict[str, object]:
    """Return an event as a row of the outbox, for statements that write it together with something else."""
    return {
        "id": event.id,
        "type": event.message.DESCRIPTOR.full_name,
        "aggregate_id": event.aggregate_id,
        "aggregate_version": event.aggregate_version,
        "occurred_at": event.occurred_at,
        "traceparent": event.traceparent or traceparent,
        "payload": event.message.SerializeToString(),
    }


async def republish_since(database: Database, table: Table, since: datetime) -> int:
    """Mark kept events published since a time to be published again (an operator's command); return how many."""
    async with database.transaction() as connection:
        return await unpublish(connection, table, since)


# What the relay does to the table; each runs in the relay's transaction, under the outbox's lock.


async def try_lock(connection: AsyncConnection, table: Table) -> bool:
    """Take the lock that lets one relay at a time drain this outbox, until the transaction ends."""
    return bool(await connection.scalar(_TRY_LOCK, {"key": _lock_key(table)}))


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to publish, in order; the time they are marked with; that of the batch before, whichever relay took it."""

    rows: Sequence[Row[tuple[object, ...]]]
    published_at: datetime
    last_published_at: datetime | None


async def take_batch(connection: AsyncConnection, table: Table, limit: int) -> Batch | None:
    """Mark the next unpublished events as published and return them.

    Takes the lock by itself; None where another relay has it, or nothing waits.
    """
    parameters = {"key": _lock_key(table), "most": limit}
    rows = sorted((await connection.execute(_take_batch(table), parameters)).all(), key=lambda row: row.seq)
    return Batch(rows, rows[0].published_at, rows[0].last_published_at) if rows else None


def _lock_key(table: Table) -> int:
    return zlib.crc32(f"outbox relay {table.fullname}".encode())


# Written once: to write a statement anew costs as much as to have it answered.
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("key", type_=BigInteger)))


@cache
def _take_batch(table: Table) -> ReturningUpdate[tuple[object, ...]]:
    # One time for the batch, read when the lock is ours: marks grow from batch to batch. What another relay published
    # after this statement had begun is looked at once more when it is locked, and left alone.
    # The last batch before is one look at the end of its index. One that was committed between this statement's
    # beginning and its lock, microseconds, is not seen: it would have to be lost by Redis within these as well.
    locked = func.pg_try_advisory_xact_lock(bindparam("key", type_=BigInteger))
    last = select(func.max(table.c.published_at)).correlate(None).scalar_subquery()
    times = (case((locked, func.clock_timestamp())).label("began_at"), last.label("last_published_at"))
    turn = select(*times).cte("turn").prefix_with("MATERIALIZED")
    oldest = (
        select(table.c.seq)
        .join(turn, turn.c.began_at.is_not(None))
        .where(table.c.published_at.is_(None))
        .order_by(table.c.seq)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=table, skip_locked=True)
        .correlate(None)
    )
    marked = update(table).where(table.c.seq.in_(oldest)).values(published_at=select(turn.c.began_at).scalar_subquery())
    return marked.returning(*table.c, select(turn.c.last_published_at).scalar_subquery().label("last_published_at"))


async def last_published_at(connection: AsyncConnection, table: Table) -> datetime | None:
    """Return when the last batch was published, as Postgres knows; None if nothing that is kept ever was."""
    return await connection.scalar(select(func.max(table.c.published_at)))


async def unpublish(connection: AsyncConnection, table: Table, since: datetime | None) -> int:
    """Mark kept events published at or after a time (None: all) to be published again; return how many."""
    published = table.c.published_at.is_not(None) if since is None else table.c.published_at >= since
    return (await connection.execute(update(table).where(published).values(published_at=None))).rowcount


async def oldest_unpublished_at(connection: AsyncConnection, table: Table) -> datetime | None:
    """Return when the event that waits longest happened; None if none waits."""
    waiting = select(table.c.occurred_at).where(table.c.published_at.is_(None)).order_by(table.c.seq).limit(1)
    return await connection.scalar(waiting)
