"""The audit log in Postgres. The table's triggers hold what is written here: no gap, each entry behind the newest."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.staff_tables import audit_entries
from identity_service.domain.audit import FIRST_HASH, Act, AuditEntry, chained, read_line
from shared_kernel.clock import Clock

_LOCK = zlib.crc32(b"identity audit log")


class PostgresAuditLog:
    """The log as one transaction sees it."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def append(self, act: Act) -> None:
        """Write an act behind the newest entry; the lock makes others wait until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        # A statement of its own, after the lock: it sees what the holder before us has committed.
        newest = (
            await self._connection.execute(
                select(audit_entries.c.sequence, audit_entries.c.hash)
                .order_by(audit_entries.c.sequence.desc())
                .limit(1)
            )
        ).first()
        sequence, previous = (newest.sequence, newest.hash) if newest else (0, FIRST_HASH)
        entry = chained(act, self._clock.now(), sequence + 1, previous)
        await self._connection.execute(
            insert(audit_entries).values(
                sequence=entry.sequence,
                line=entry.line,
                previous_hash=entry.previous_hash,
                hash=entry.hash,
                act=act.act,
                actor_id=act.actor.actor_id,
                subject_id=act.subject_id,
            )
        )

    async def page(
        self, before: int | None, size: int, *, subject_id: str = "", actor_id: str = "", act: str = ""
    ) -> Sequence[AuditEntry]:
        """Return entries, the newest first."""
        query = select(audit_entries).order_by(audit_entries.c.sequence.desc()).limit(size)
        if before is not None:
            query = query.where(audit_entries.c.sequence < before)
        for column, wanted in (
            (audit_entries.c.subject_id, subject_id),
            (audit_entries.c.actor_id, actor_id),
            (audit_entries.c.act, act),
        ):
            if wanted:
                query = query.where(column == wanted)
        return [_entry(row) for row in await self._connection.execute(query)]

    async def run(self, first: int, count: int) -> Sequence[AuditEntry]:
        """Return entries from a sequence on, the oldest first."""
        query = (
            select(audit_entries)
            .where(audit_entries.c.sequence >= first)
            .order_by(audit_entries.c.sequence)
            .limit(count)
        )
        return [_entry(row) for row in await self._connection.execute(query)]

    async def head(self) -> AuditEntry | None:
        """Return the newest entry."""
        return next(iter(await self.page(None, 1)), None)


def _entry(row: Row[Any]) -> AuditEntry:
    act, occurred_at = read_line(row.line)
    return AuditEntry(row.sequence, occurred_at, act, row.line, row.previous_hash, row.hash)
