"""How long drivers wait for the next ride, by place: what teaches it and what was learned, in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, extract, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.destination_values import MOST_IDLE_SECONDS, DestinationValues, Place
from matching_service.use_cases.learn_destination_values import DrivenOn
from shared_kernel.geo import GeoPoint


class PostgresDestinations:
    """DrivenRides and ValuesStore of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def driven_on(self, city: str, since: datetime, limit: int) -> Sequence[DrivenOn]:
        """Return the newest completed rides whose driver had another passenger within an hour, newest first.

        Rides that shared a vehicle tell nothing: others were on board when they ended.
        """
        ride = tables.rides.c
        newest = (
            select(ride.driver_id, ride.dropoff_latitude, ride.dropoff_longitude, ride.started_at, ride.ended_at)
            .where(ride.state == "completed", ride.ended_at > since, ride.city == city, ride.kind != "pooled")
            .order_by(ride.ended_at.desc())
            .limit(limit)
            .subquery()
        )
        following = func.lead(newest.c.started_at).over(partition_by=newest.c.driver_id, order_by=newest.c.started_at)
        pairs = select(newest, following.label("next_started_at")).subquery()
        idle_seconds = extract("epoch", pairs.c.next_started_at - pairs.c.ended_at)
        statement = (
            select(
                pairs.c.dropoff_latitude,
                pairs.c.dropoff_longitude,
                pairs.c.ended_at,
                idle_seconds.label("idle_seconds"),
            )
            .where(idle_seconds.between(0, MOST_IDLE_SECONDS))
            .order_by(pairs.c.ended_at.desc())
        )
        async with self._database.connect() as connection:
            rows = await connection.execute(statement)
            return [
                DrivenOn(GeoPoint(latitude, longitude), ended_at, float(idle))
                for latitude, longitude, ended_at, idle in rows
            ]

    async def values(self) -> Mapping[str, DestinationValues]:
        """Return what is in force, by city."""
        by_city: dict[str, dict[Place, float]] = {}
        async with self._database.connect() as connection:
            for row in await connection.execute(select(tables.destination_values)):
                by_city.setdefault(row.city, {})[Place(row.cell, row.quarter)] = row.extra_idle_seconds
        return {city: DestinationValues(extra) for city, extra in by_city.items()}

    async def learned_at(self, city: str) -> datetime | None:
        """Return when anything was learned last."""
        value = tables.destination_values.c
        async with self._database.connect() as connection:
            return await connection.scalar(select(func.max(value.learned_at)).where(value.city == city))

    async def replace(self, city: str, values: DestinationValues, now: datetime) -> None:
        """Write what was learned and drop what it no longer knows; replicas that learn at once end with the later."""
        value = tables.destination_values
        rows = [
            {
                "city": city,
                "cell": place.cell,
                "quarter": place.quarter,
                "extra_idle_seconds": seconds,
                "learned_at": now,
            }
            for place, seconds in sorted(values.extra_idle_seconds.items())  # in one order: no two wait in a circle
        ]
        statement = upsert(value)
        newer = statement.on_conflict_do_update(
            index_elements=["city", "cell", "quarter"],
            set_={
                "extra_idle_seconds": statement.excluded.extra_idle_seconds,
                "learned_at": statement.excluded.learned_at,
            },
        )
        async with self._database.transaction() as connection:
            await connection.execute(newer, rows)
            await connection.execute(delete(value).where(value.c.city == city, value.c.learned_at < now))
