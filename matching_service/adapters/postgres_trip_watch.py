"""What is remembered of trips under way, and the alerts about them, in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Boolean, DateTime, Float, Uuid

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.trip_watch import MOST_ALERTS, AlertKind, Trip, TripAlert, TripWatch, legs_through
from matching_service.use_cases.watch_trips import WatchedTrip
from shared_kernel.geo import GeoPoint

# The state stands in the statement as a word, so that the partial index of rides under way serves it.
_UNDER_WAY = text("""
    SELECT ride.id, ride.driver_id, pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude,
           driven_to_latitude, driven_to_longitude,
           CASE WHEN stop_count = 0 THEN NULL ELSE (
               SELECT jsonb_agg(jsonb_build_array(latitude, longitude, ride_stop.state) ORDER BY position)
               FROM ride_stop WHERE ride_stop.ride_id = ride.id AND ride_stop.state <> 'skipped'
           ) END AS stops,
           still_latitude, still_longitude, still_since, still_told, stray_since, stray_told
    FROM ride LEFT JOIN trip_watch ON trip_watch.ride_id = ride.id
    WHERE ride.state = 'in_progress' AND kind = 'private' AND ride.id > :after
    ORDER BY ride.id LIMIT :limit
""")
_KEEP = text("""
    INSERT INTO trip_watch (ride_id, began_at, still_latitude, still_longitude, still_since, still_told, stray_since,
                            stray_told)
    SELECT ride_id, :now, latitude, longitude, still_since, still_told, stray_since, stray_told
    FROM unnest(:ride_id, :latitude, :longitude, :still_since, :still_told, :stray_since, :stray_told)
        AS seen (ride_id, latitude, longitude, still_since, still_told, stray_since, stray_told)
    ON CONFLICT (ride_id) DO UPDATE SET
        still_latitude = excluded.still_latitude, still_longitude = excluded.still_longitude,
        still_since = excluded.still_since, still_told = excluded.still_told,
        stray_since = excluded.stray_since, stray_told = excluded.stray_told
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("ride_id", type_=ARRAY(Uuid)),
    bindparam("latitude", type_=ARRAY(Float(53))),
    bindparam("longitude", type_=ARRAY(Float(53))),
    bindparam("still_since", type_=ARRAY(DateTime(timezone=True))),
    bindparam("still_told", type_=ARRAY(Boolean)),
    bindparam("stray_since", type_=ARRAY(DateTime(timezone=True))),
    bindparam("stray_told", type_=ARRAY(Boolean)),
)
# The ride is locked, so that nobody numbers its alerts at the same time.
_RAISE = text("""
    INSERT INTO trip_alert (id, ride_id, rider_id, driver_id, kind, number, latitude, longitude, since, raised_at)
    SELECT :id, :ride_id, :rider_id, :driver_id, :kind, 1 + count(*), :latitude, :longitude, :since, :raised_at
    FROM trip_alert WHERE ride_id = :ride_id AND kind = :kind
    HAVING count(*) < :most AND count(*) FILTER (WHERE since = :since) = 0
    RETURNING id
""").bindparams(
    bindparam("id", type_=Uuid),
    bindparam("ride_id", type_=Uuid),
    bindparam("rider_id", type_=Uuid),
    bindparam("driver_id", type_=Uuid),
    bindparam("latitude", type_=Float(53)),
    bindparam("longitude", type_=Float(53)),
    bindparam("since", type_=DateTime(timezone=True)),
    bindparam("raised_at", type_=DateTime(timezone=True)),
)


class PostgresTripWatches:
    """The TripWatches of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def under_way(self, after: UUID | None, limit: int) -> list[WatchedTrip]:
        async with self._database.connect() as connection:
            rows = await connection.execute(_UNDER_WAY, {"after": after or UUID(int=0), "limit": limit})
            return [WatchedTrip(_trip(row), _watch(row)) for row in rows.mappings()]

    async def keep(self, watches: Sequence[tuple[UUID, TripWatch]], now: datetime) -> None:
        seen = [watch for _, watch in watches]
        values = {
            "now": now,
            "ride_id": [ride_id for ride_id, _ in watches],
            "latitude": [watch.still_at.latitude for watch in seen],
            "longitude": [watch.still_at.longitude for watch in seen],
            "still_since": [watch.still_since for watch in seen],
            "still_told": [watch.still_told for watch in seen],
            "stray_since": [watch.stray_since for watch in seen],
            "stray_told": [watch.stray_told for watch in seen],
        }
        async with self._database.connect() as connection:
            await connection.execute(_KEEP, values)


class PostgresTripAlerts:
    """The TripAlerts of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, before: UUID | None, limit: int) -> list[TripAlert]:
        row = tables.trip_alerts.c
        statement = select(tables.trip_alerts).order_by(row.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(row.id < before)
        async with self._database.connect() as connection:
            return [_alert(found) for found in (await connection.execute(statement)).mappings()]


async def raise_alert(connection: AsyncConnection, alert: TripAlert) -> bool:
    """Store an alert of a locked ride and that its case was told; False if it was before, or all were."""
    values = {
        "id": alert.id,
        "ride_id": alert.ride_id,
        "rider_id": alert.rider_id,
        "driver_id": alert.driver_id,
        "kind": alert.kind.value,
        "latitude": alert.point.latitude,
        "longitude": alert.point.longitude,
        "since": alert.since,
        "raised_at": alert.raised_at,
        "most": MOST_ALERTS,
    }
    new = await connection.scalar(_RAISE, values)
    watch = tables.trip_watches
    told = watch.c.stray_told if alert.kind is AlertKind.ROUTE_DEVIATED else watch.c.still_told
    await connection.execute(watch.update().where(watch.c.ride_id == alert.ride_id).values({told: True}))
    return new is not None


def _trip(row: RowMapping) -> Trip:
    stops: list[tuple[float, float, str]] = row["stops"] or []
    pickup, dropoff = (GeoPoint(row[f"{name}_latitude"], row[f"{name}_longitude"]) for name in ("pickup", "dropoff"))
    places = (pickup, *(GeoPoint(latitude, longitude) for latitude, longitude, _ in stops), dropoff)
    ahead = (GeoPoint(latitude, longitude) for latitude, longitude, state in stops if state != "left")
    driven_to = None
    if row["driven_to_latitude"] is not None:
        driven_to = GeoPoint(row["driven_to_latitude"], row["driven_to_longitude"])
    return Trip(row["id"], row["driver_id"], places, legs_through(places, driven_to, next(ahead, dropoff)))


def _watch(row: RowMapping) -> TripWatch | None:
    if row["still_since"] is None:
        return None
    return TripWatch(
        still_at=GeoPoint(row["still_latitude"], row["still_longitude"]),
        still_since=row["still_since"],
        still_told=row["still_told"],
        stray_since=row["stray_since"],
        stray_told=row["stray_told"],
    )


def _alert(row: Any) -> TripAlert:
    return TripAlert(
        id=row["id"],
        ride_id=row["ride_id"],
        rider_id=row["rider_id"],
        driver_id=row["driver_id"],
        kind=AlertKind(row["kind"]),
        point=GeoPoint(row["latitude"], row["longitude"]),
        since=row["since"],
        raised_at=row["raised_at"],
    )
