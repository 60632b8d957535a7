"""The edits that are due: rows leased with SKIP LOCKED."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.edit_rows import edit_from
from matching_service.domain.edit import EditState
from matching_service.use_cases.ports import OwedEdit


class PostgresEditQueue:
    """The EditQueue of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedEdit]:
        edit = tables.ride_edits.c
        due = (
            select(edit.id)
            .where(edit.due_at <= now, or_(edit.leased_until.is_(None), edit.leased_until <= now))
            .order_by(edit.due_at)
            .limit(limit)
            .with_for_update(key_share=True, skip_locked=True)
        )
        lease = update(tables.ride_edits).where(edit.id.in_(due))
        lease = lease.values(leased_until=now + timedelta(seconds=lease_seconds))
        of_ride = select(tables.rides.c.traceparent).where(tables.rides.c.id == edit.ride_id).scalar_subquery()
        async with self._database.transaction() as connection:
            rows = (await connection.execute(lease.returning(*edit, of_ride.label("trace")))).mappings().all()
        return [OwedEdit(edit_from(row), row["attempts"], row["trace"]) for row in rows]

    async def postpone(self, edit_id: UUID, until: datetime, error: str) -> None:
        edit = tables.ride_edits.c
        still = update(tables.ride_edits).where(edit.id == edit_id, edit.state == EditState.HOLD_PENDING.value)
        async with self._database.connect() as connection:
            await connection.execute(
                still.values(due_at=until, leased_until=None, attempts=edit.attempts + 1, error=error[:200])
            )
