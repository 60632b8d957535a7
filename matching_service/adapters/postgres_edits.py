"""The edits that are due: rows leased with SKIP LOCKED."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Integer, bindparam, or_, select, update

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.edit_rows import edit_from
from matching_service.domain.edit import EditState
from matching_service.use_cases.queue_ports import OwedEdit

_edit, _NOW = tables.ride_edits.c, bindparam("now", type_=DateTime(timezone=True))
_due = (
    select(_edit.id)
    .where(_edit.due_at <= _NOW, or_(_edit.leased_until.is_(None), _edit.leased_until <= _NOW))
    .order_by(_edit.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(key_share=True, skip_locked=True)
)
_trace = select(tables.rides.c.traceparent).where(tables.rides.c.id == _edit.ride_id).scalar_subquery().label("trace")
_LEASE_DUE = update(tables.ride_edits).where(_edit.id.in_(_due)).returning(*_edit, _trace)


class PostgresEditQueue:
    """The EditQueue of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedEdit]:
        given = {"now": now, "most": limit, "leased_until": now + timedelta(seconds=lease_seconds)}
        async with self._database.connect() as connection:
            rows = (await connection.execute(_LEASE_DUE, given)).mappings().all()
        return [OwedEdit(edit_from(row), row["attempts"], row["trace"]) for row in rows]

    async def postpone(self, edit_id: UUID, until: datetime, error: str) -> None:
        edit = tables.ride_edits.c
        still = update(tables.ride_edits).where(edit.id == edit_id, edit.state == EditState.HOLD_PENDING.value)
        async with self._database.connect() as connection:
            await connection.execute(
                still.values(due_at=until, leased_until=None, attempts=edit.attempts + 1, error=error[:200])
            )
