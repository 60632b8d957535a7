"""Pickups that drivers are on the way to, and of whom riders were told that they are about to be there, in Postgres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.use_cases.watch_pickups import Pickup
from shared_kernel.geo import GeoPoint

# The state stands in the statement as a word, so that the partial index of rides with a driver serves it.
_AHEAD = text("""
    SELECT ride.id, ride.driver_id, pickup_latitude, pickup_longitude
    FROM ride
    WHERE ride.state = 'driver_en_route' AND ride.id > :after AND ride.pickup_eta_seconds > :beyond_seconds
      AND NOT EXISTS (
          SELECT FROM told_arrival
          WHERE told_arrival.ride_id = ride.id AND told_arrival.driver_id = ride.driver_id
              AND told_at >= ride.assigned_at)
    ORDER BY ride.id LIMIT :limit
""")


class PostgresPickups:
    """The Pickups of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ahead(self, beyond_seconds: int, after: UUID | None, limit: int) -> list[Pickup]:
        given = {"beyond_seconds": beyond_seconds, "after": after or UUID(int=0), "limit": limit}
        async with self._database.connect() as connection:
            rows = await connection.execute(_AHEAD, given)
            return [Pickup(row.id, row.driver_id, GeoPoint(row.pickup_latitude, row.pickup_longitude)) for row in rows]


async def note_arriving(
    connection: AsyncConnection, ride_id: UUID, driver_id: UUID, since: datetime, now: datetime
) -> bool:
    """Note that a rider is told that a driver is about to be there; False if this rider was, of this driver, since."""
    row = tables.told_arrivals.c
    told = insert(tables.told_arrivals).values(ride_id=ride_id, driver_id=driver_id, told_at=now)
    anew = told.on_conflict_do_update(
        index_elements=["ride_id", "driver_id"], set_={"told_at": now}, where=row.told_at < since
    )
    return await connection.scalar(anew.returning(row.ride_id)) is not None
