"""Edits of rides in Postgres: their rows within a transaction, and those that are due, leased with SKIP LOCKED."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Integer, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.edit_rows import edit_from, edit_moves, edit_row, edit_timer
from matching_service.domain.edit import EditState, RideEdit
from matching_service.use_cases.queue_ports import OwedEdit
from shared_kernel.clock import Clock

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


class PostgresEditRows:
    """What the Transaction of production does with edits."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def count(self, ride_id: UUID) -> int:
        """Count the edits of a locked ride."""
        return await self._connection.scalar(select(func.count()).where(_edit.ride_id == ride_id)) or 0

    async def was_applied(self, ride_id: UUID, since: datetime) -> bool:
        """Tell whether a locked ride was edited after that."""
        mine = select(_edit.id).where(_edit.ride_id == ride_id, _edit.state == EditState.APPLIED.value)
        return await self._connection.scalar(mine.where(_edit.closed_at > since).limit(1)) is not None

    async def add(self, edit: RideEdit) -> None:
        """Store a new edit."""
        row = {**edit_row(edit), **edit_timer(edit, self._clock.now())}
        await self._connection.execute(insert(tables.ride_edits).values(**row))

    async def lock(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        """Return an edit of a locked ride and keep others from changing it."""
        mine = select(tables.ride_edits).where(_edit.id == edit_id, _edit.ride_id == ride_id)
        row = (await self._connection.execute(mine.with_for_update(key_share=True))).mappings().one_or_none()
        return None if row is None else edit_from(row)

    async def save(self, edit: RideEdit) -> None:
        """Store an edit after its move, and when to come back to it."""
        changes = {**edit_moves(edit), **edit_timer(edit, self._clock.now())}
        await self._connection.execute(update(tables.ride_edits).where(_edit.id == edit.id).values(**changes))


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
        still = update(tables.ride_edits).where(_edit.id == edit_id, _edit.state == EditState.HOLD_PENDING.value)
        async with self._database.connect() as connection:
            await connection.execute(
                still.values(due_at=until, leased_until=None, attempts=_edit.attempts + 1, error=error[:200])
            )
