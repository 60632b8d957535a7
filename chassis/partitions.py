"""Tables in monthly partitions by a UUIDv7: what a month wrote goes with its partition, not row by row.

The key of partitions is an id that every unique key of the table contains, so that nothing the database refused before
is let through. A month is all ids from the least of its first moment on (RFC 9562 §5.7: the id begins with the time);
ids of another make, or of a month that nobody made, go into the default partition. The table of before is the first
partition, from the beginning of time on.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from shared_kernel.clock import Clock
from shared_kernel.errors import Unavailable
from shared_kernel.ids import least_id_of

_log = logging.getLogger(__name__)

MONTHS_AHEAD = 3
_PERIOD_SECONDS = 3_600.0
_UPPER_BOUND = re.compile(r"TO \('([0-9a-f-]{36})'\)$")
_PARTITIONS = text(
    "SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i "
    "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = CAST(:table AS regclass)"
)


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table in monthly partitions, and for how many whole months they stay; 0 is for ever.

    `append_only` tells that rows are refused to change: each partition has the trigger of its table.
    """

    table: Table
    keep_months: int = 0
    append_only: bool = False


def month_of(moment: datetime, ahead: int = 0) -> datetime:
    """Return the first moment of a month (UTC), or of one that is some months ahead of it, or before."""
    index = moment.year * 12 + moment.month - 1 + ahead
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def partition_name(table: str, month: datetime) -> str:
    """Name the partition of a month: `ride_transition_202612`."""
    return f"{table}_{month:%Y%m}"


def statements_of(table: str, month: datetime, *, append_only: bool) -> list[str]:
    """Write what makes the partition of a month.

    It is made aside and then attached: neither readers nor writers of the table wait for that.
    """
    name, first, last = partition_name(table, month), least_id_of(month), least_id_of(month_of(month, 1))
    made = [f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"]
    if append_only:
        made.append(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
        )
    return [*made, f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{last}')"]


async def keep_partitions(connection: AsyncConnection, partitioned: Partitioned, now: datetime) -> tuple[int, int]:
    """Make the partitions of this month and the next ones, drop those that are too old; return how many of each.

    To be run in a transaction of its own. Does nothing where another replica is at it, or where one partition has no
    end.
    """
    table = partitioned.table.name
    lock = {"key": zlib.crc32(f"partitions of {table}".encode())}
    if not await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), lock):
        return 0, 0
    # Whoever waits for a lock on a table has all others wait behind: rather try again in an hour.
    await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    bounds = {row.name: row.bound for row in await connection.execute(_PARTITIONS, {"table": table})}
    if any(bound.endswith("TO (MAXVALUE)") for bound in bounds.values()):
        return 0, 0  # one partition has all that may come
    present = {name: _end_of(bound) for name, bound in bounds.items()}
    covered = [end for end in present.values() if end is not None]
    made = 0
    for ahead in range(MONTHS_AHEAD + 1):
        month = month_of(now, ahead)
        if least_id_of(month) < max(covered, default=UUID(int=0)):
            continue
        for statement in statements_of(table, month, append_only=partitioned.append_only):
            await connection.exec_driver_sql(statement)
        made += 1
    dropped = 0
    if partitioned.keep_months:
        oldest_kept = least_id_of(month_of(now, -partitioned.keep_months))
        for name, end in present.items():
            if end is not None and end <= oldest_kept:
                await connection.exec_driver_sql(f"DROP TABLE {name}")
                dropped += 1
    return made, dropped


async def keep_partitions_forever(database: Database, tables: Sequence[Partitioned], clock: Clock) -> None:
    """Keep the partitions of some tables, every hour; a worker."""
    while True:
        for each in tables:
            try:
                async with database.transaction() as connection:
                    made, dropped = await keep_partitions(connection, each, clock.now())
            except Unavailable as error:
                _log.warning("partitions were left", extra={"table": each.table.name, "cause": error.reason})
                continue
            if made or dropped:
                _log.info("partitions", extra={"table": each.table.name, "made": made, "dropped": dropped})
        await asyncio.sleep(_PERIOD_SECONDS)


def _end_of(bound: str) -> UUID | None:
    """Read the id where a partition ends; None of the default one, and of one without an end."""
    found = _UPPER_BOUND.search(bound)
    return UUID(found[1]) if found else None
