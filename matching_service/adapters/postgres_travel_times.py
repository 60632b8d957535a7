"""Travel times that were learned, and the trips that teach them, in Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.learned_times import TravelTimes
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.travel_time_ports import MeasuredTrip, ToldTimes, TravelTimesVersion
from shared_kernel.geo import GeoPoint

LEAST_COMPARED_SECONDS = 30
_STRAIGHT = (
    tables.rides.c.stop_count == 0,
    tables.rides.c.driven_at.is_(None),  # not led elsewhere by an edit on the way
    tables.rides.c.kind == RideKind.PRIVATE.value,
)


class PostgresTravelTimes:
    """The TravelTimesStore and the MeasuredTrips of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent_trips(self, since: datetime, limit: int) -> list[MeasuredTrip]:
        ride = tables.rides.c
        seconds = extract("epoch", ride.ended_at - ride.started_at)
        statement = (
            select(
                ride.pickup_latitude,
                ride.pickup_longitude,
                ride.dropoff_latitude,
                ride.dropoff_longitude,
                ride.started_at,
                seconds,
            )
            # Rides are asked for in the order of their ids, and few of them long before they end.
            .where(ride.requested_at >= since, ride.state == RideState.COMPLETED.value)
            .where(ride.started_at.is_not(None), *_STRAIGHT)
            .order_by(ride.requested_at.desc())
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            MeasuredTrip((GeoPoint(row[0], row[1]), GeoPoint(row[2], row[3])), row[4], float(row[5])) for row in rows
        ]

    async def told_pickups(self, since: datetime) -> ToldTimes:
        ride = tables.rides.c
        return await self._told(since, ride.pickup_eta_seconds, ride.arrived_at - ride.assigned_at)

    async def told_trips(self, since: datetime) -> ToldTimes:
        ride = tables.rides.c
        return await self._told(since, ride.trip_seconds, ride.ended_at - ride.started_at, *_STRAIGHT)

    async def _told(
        self, since: datetime, told: ColumnElement[int], took: ColumnElement[Any], *which: ColumnElement[bool]
    ) -> ToldTimes:
        ride = tables.rides.c
        seconds = extract("epoch", took)
        statement = select(
            func.count(),
            func.avg(func.abs(told - seconds) / seconds),
            func.percentile_cont(0.5).within_group(told / seconds),
        ).where(
            ride.requested_at >= since,
            ride.state == RideState.COMPLETED.value,
            told > 0,
            # Of what took less than some seconds any error is many times as long: a driver who stood there already.
            seconds >= LEAST_COMPARED_SECONDS,
            *which,
        )
        async with self._database.connect() as connection:
            count, mean_error, median_ratio = (await connection.execute(statement)).one()
        return ToldTimes(count, float(mean_error or 0), float(median_ratio or 0))

    async def newest(self, provider: str, map_id: str, *, in_force: bool) -> TravelTimesVersion | None:
        column = tables.travel_times.c
        statement = select(tables.travel_times).where(column.provider == provider, column.map_id == map_id)
        if in_force:
            statement = statement.where(column.in_force)
        async with self._database.connect() as connection:
            found = await connection.execute(statement.order_by(column.version.desc()).limit(1))
            row = found.mappings().one_or_none()
        return None if row is None else _version(row)

    async def add(self, version: TravelTimesVersion) -> bool:
        row = {
            "provider": version.provider,
            "map_id": version.map_id,
            "version": version.version,
            "learned_at": version.learned_at,
            "trips": version.trips,
            "error_before": version.error_before,
            "error_after": version.error_after,
            "in_force": version.in_force,
            "start_seconds": version.times.start_seconds,
            "factors": list(version.times.factors),
        }
        statement = insert(tables.travel_times).values(row).on_conflict_do_nothing()
        async with self._database.transaction() as connection:
            added = await connection.execute(statement.returning(tables.travel_times.c.version))
            return added.one_or_none() is not None

    async def versions(self, limit: int) -> list[TravelTimesVersion]:
        statement = select(tables.travel_times).order_by(tables.travel_times.c.learned_at.desc()).limit(limit)
        async with self._database.connect() as connection:
            return [_version(row) for row in (await connection.execute(statement)).mappings()]


def _version(row: Mapping[Any, Any]) -> TravelTimesVersion:
    return TravelTimesVersion(
        provider=row["provider"],
        map_id=row["map_id"],
        version=row["version"],
        learned_at=row["learned_at"],
        trips=row["trips"],
        error_before=row["error_before"],
        error_after=row["error_after"],
        in_force=row["in_force"],
        times=TravelTimes(row["start_seconds"], tuple(row["factors"])),
    )
