"""What surge is computed from, and what operators laid on it, in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.surge import SurgeControl
from matching_service.use_cases.surge_ports import Demand, SurgeControlSet
from shared_kernel.geo import GeoPoint

MAX_POINTS = 50_000
"""Of each kind; beyond it a city's demand is a sample."""


class PostgresSurge:
    """The DemandReader and the SurgeControls of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def demand(self, city: str, now: datetime, back_seconds: int, horizon_seconds: int) -> Demand:
        ride = tables.rides.c
        pickups = select(ride.pickup_latitude, ride.pickup_longitude).where(ride.city == city).limit(MAX_POINTS)
        opened = pickups.where(ride.state.in_(["requested", "matching"]))
        since = now - timedelta(seconds=back_seconds)
        recent = pickups.where(ride.requested_at > since, ride.requested_at <= now, ride.pickup_at.is_(None))
        ending = (
            select(ride.dropoff_latitude, ride.dropoff_longitude)
            .where(ride.city == city, ride.state == "in_progress")
            .where(
                ride.started_at + func.make_interval(0, 0, 0, 0, 0, 0, ride.trip_seconds)
                <= now + timedelta(seconds=horizon_seconds)
            )
            .limit(MAX_POINTS)
        )
        async with self._database.connect() as connection:
            found = [(await connection.execute(statement)).all() for statement in (opened, recent, ending)]
        return Demand(*map(_points, found))

    async def control_of(self, city: str) -> SurgeControl:
        row = tables.surge_controls.c
        newest = select(row.frozen, row.cap_permille).where(row.city == city).order_by(row.id.desc()).limit(1)
        async with self._database.connect() as connection:
            found = (await connection.execute(newest)).first()
        return SurgeControl() if found is None else SurgeControl(found.frozen, found.cap_permille)


async def add_control(connection: AsyncConnection, control: SurgeControlSet) -> None:
    """Store a control in the caller's transaction."""
    values = {
        "city": control.city,
        "frozen": control.control.frozen,
        "cap_permille": control.control.cap_permille,
        "made_by": control.made_by,
        "made_at": control.made_at,
        "note": control.note,
    }
    await connection.execute(insert(tables.surge_controls).values(**values))


def _points(rows: Sequence[Any]) -> list[GeoPoint]:
    return [GeoPoint(latitude, longitude) for latitude, longitude in rows]
