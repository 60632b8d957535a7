"""What the export of trips and vehicles reads: rides without their stops, of which nothing is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, cast, func, literal, select, true

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.ride_rows import ride_from
from matching_service.domain.ride import Ride

_NEAREST_TO_THE_END = ("in_progress", "returning", "arrived", "driver_en_route")


class PostgresMdsReader:
    """The MdsReader of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def completed(self, since: datetime, until: datetime, limit: int, after: UUID | None) -> list[Ride]:
        ride = tables.rides.c
        ended = (ride.state == "completed", ride.ended_at >= since, ride.ended_at < until)
        statement = select(tables.rides).where(*ended).order_by(ride.id).limit(limit)
        if after is not None:
            statement = statement.where(ride.id > after)
        async with self._database.connect() as connection:
            return [ride_from(row, ()) for row in (await connection.execute(statement)).mappings()]

    async def last_rides(self, driver_ids: Sequence[UUID]) -> dict[UUID, Ride]:
        if not driver_ids:
            return {}
        ride = tables.rides.c
        live = select(tables.rides).where(ride.driver_id.in_(driver_ids), ride.state.in_(_NEAREST_TO_THE_END))
        async with self._database.connect() as connection:
            under_way = [ride_from(row, ()) for row in (await connection.execute(live)).mappings()]
        # Of parties who share a vehicle, the one that is furthest on tells what the vehicle does.
        under_way.sort(key=lambda each: -_NEAREST_TO_THE_END.index(each.state.value))
        by_driver = {ride.driver.driver_id: ride for ride in under_way if ride.driver is not None}
        return await self._newest([each for each in driver_ids if each not in by_driver]) | by_driver

    async def _newest(self, driver_ids: Sequence[UUID]) -> dict[UUID, Ride]:
        wanted = (
            func.unnest(cast(literal(list(driver_ids), ARRAY(Uuid)), ARRAY(Uuid)))
            .table_valued("driver_id")
            .render_derived()
        )
        ride, assignment = tables.rides.c, tables.assignments.c
        # Not the one that was asked for last: a ride asked for ahead is driven after many that were asked for since.
        theirs = (assignment.ride_id == ride.id) & (assignment.driver_id == ride.driver_id)
        driven = select(tables.rides).join(tables.assignments, theirs)
        driven = driven.where(assignment.driver_id == wanted.c.driver_id)
        last = driven.order_by(assignment.assigned_at.desc()).limit(1).lateral("last")
        async with self._database.connect() as connection:
            rows = (await connection.execute(select(*last.c).select_from(wanted.join(last, true())))).mappings()
            rides = [ride_from(row, ()) for row in rows]
        return {ride.driver.driver_id: ride for ride in rides if ride.driver is not None}
