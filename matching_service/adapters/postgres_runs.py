"""Runs that parties share, in Postgres."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.run_rows import plan_json, run_from, run_ride_from
from matching_service.adapters.statements import is_in
from matching_service.domain.ride_states import DRIVER_STATES
from matching_service.domain.run import Run, RunRide, RunView


def open_run_of(driver_id: UUID) -> Select[Any]:
    """Select the driver's open run that parties may share."""
    run = tables.runs.c
    return select(tables.runs).where(run.driver_id == driver_id, run.closed_at.is_(None), run.parties > 1)


async def views_of(connection: AsyncConnection, statement: Select[Any]) -> list[RunView]:
    """Read the runs of a statement with their live rides."""
    runs = [run_from(row) for row in (await connection.execute(statement)).mappings()]
    if not runs:
        return []
    ride = tables.rides.c
    live = select(tables.rides).where(ride.run_id.in_([run.id for run in runs]), is_in(DRIVER_STATES))
    rides: dict[UUID, list[RunRide]] = {}
    for row in (await connection.execute(live.order_by(ride.run_slot))).mappings():
        rides.setdefault(row["run_id"], []).append(run_ride_from(row))
    return [RunView(run, tuple(rides.get(run.id, ()))) for run in runs]


async def add_run(connection: AsyncConnection, run: Run) -> None:
    """Open a run for a pooled ride that begins one."""
    values = {"id": run.id, "driver_id": run.driver_id, "parties": run.parties, "seats": run.seats}
    values |= {"plan": plan_json(run.plan), "opened_at": run.opened_at}
    await connection.execute(insert(tables.runs).values(**values))


async def save_plan(connection: AsyncConnection, run: Run) -> None:
    """Store the order of stops of a locked run."""
    mine = update(tables.runs).where(tables.runs.c.id == run.id)
    await connection.execute(mine.values(plan=plan_json(run.plan)))


class PostgresSharedRuns:
    """The SharedRuns of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def with_room(self, driver_ids: Collection[UUID], limit: int) -> Sequence[RunView]:
        """Return runs of those of some drivers who have no open offer, the latest opened first."""
        run, offer, ride = tables.runs.c, tables.offers.c, tables.rides.c
        theirs = run.driver_id == any_(literal(list(driver_ids), ARRAY(Uuid)))
        asked = select(offer.id).where(offer.driver_id == run.driver_id, offer.state == "open").exists()
        taken = select(func.count()).where(ride.run_id == run.id, is_in(DRIVER_STATES)).scalar_subquery()
        room = run.closed_at.is_(None), run.parties > 1, run.parties > taken
        statement = select(tables.runs).where(theirs, *room, ~asked)
        async with self._database.connect() as connection:
            views = await views_of(connection, statement.order_by(run.opened_at.desc()).limit(limit))
        return [view for view in views if view.has_room and view.rides]
