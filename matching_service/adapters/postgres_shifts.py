"""Reads of shifts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.shift_rows import shift_from
from matching_service.adapters.statements import is_in
from matching_service.domain.ride_states import DRIVER_STATES
from matching_service.use_cases.reader_ports import OpenShiftRecord, ShiftFilter, WatchedShift


class PostgresShiftReader:
    """The ShiftReader of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_shifts(self, limit: int, before: UUID | None, which: ShiftFilter) -> list[OpenShiftRecord]:
        shift, ride, run = tables.shifts.c, tables.rides.c, tables.runs.c
        # By the driver's open run, as `is_driven_now` tells: most of the drivers here have none, and a long past.
        mine = (ride.run_id == run.id) & (run.driver_id == shift.driver_id) & run.closed_at.is_(None)
        live = select(ride.id).where(mine, is_in(DRIVER_STATES)).correlate(tables.shifts)
        # Parties who share a vehicle have a ride each; the one that was asked for first stands for them.
        first = live.order_by(ride.id).limit(1).scalar_subquery().label("ride_id")
        statement = select(tables.shifts, first).where(shift.ended_at.is_(None))
        if which is ShiftFilter.SILENT:
            statement = statement.where(shift.silent_since.is_not(None))
        elif which is ShiftFilter.ON_BREAK:
            statement = statement.where(shift.break_until.is_not(None))
        if before is not None:
            statement = statement.where(shift.id < before)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement.order_by(shift.id.desc()).limit(limit))).mappings().all()
        return [OpenShiftRecord(shift_from(row), row["ride_id"]) for row in rows]

    async def watched(self) -> list[WatchedShift]:
        shift = tables.shifts.c
        statement = select(shift.driver_id, shift.started_at, shift.silent_since.is_not(None).label("is_silent"))
        async with self._database.connect() as connection:
            rows = await connection.execute(statement.where(shift.ended_at.is_(None), shift.break_until.is_(None)))
            return [WatchedShift(row.driver_id, row.started_at, row.is_silent) for row in rows]

    async def due(self, now: datetime, limit: int) -> list[UUID]:
        shift = tables.shifts.c
        over = or_(shift.break_until <= now, shift.silent_until <= now)
        longest = func.least(shift.break_until, shift.silent_until)
        statement = select(shift.driver_id).where(shift.ended_at.is_(None), over).order_by(longest).limit(limit)
        async with self._database.connect() as connection:
            return list(await connection.scalars(statement))
