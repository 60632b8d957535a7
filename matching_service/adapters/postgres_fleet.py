"""What operators watch, read from Postgres.

The states stand in the statements as words, not as parameters, so that the partial indexes of live rides serve them
however many rides there were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.city import VehicleClass
from matching_service.domain.fleet import (
    FlyingOffer,
    LiveRide,
    PulseStep,
    Standing,
    VehicleOnShift,
    VehicleState,
    vehicle_state,
)
from matching_service.domain.ride_states import RideState
from matching_service.domain.zones import Bounds
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

# A driver's ride is found by the open run: rides of drivers are many, open runs are one a driver. Of parties who share
# the vehicle, the one that is furthest on tells what it does.
_ON_SHIFT = """
    SELECT shift.driver_id, shift.driver_name, shift.vehicle_plate, shift.vehicle_class,
           shift.break_until IS NOT NULL AS is_on_break, shift.silent_since IS NOT NULL AS is_silent,
           under_way.id AS ride_id, under_way.state AS ride_state,
           EXISTS (SELECT FROM offer WHERE offer.driver_id = shift.driver_id AND offer.state = 'open') AS is_asked
    FROM shift
    LEFT JOIN run ON run.driver_id = shift.driver_id AND run.closed_at IS NULL
    LEFT JOIN LATERAL (
        SELECT ride.id, ride.state FROM ride
        WHERE ride.run_id = run.id AND ride.state IN ('arrived', 'driver_en_route', 'in_progress', 'returning')
        ORDER BY array_position(ARRAY['in_progress', 'returning', 'arrived'], ride.state), ride.id LIMIT 1
    ) AS under_way ON true
    WHERE shift.ended_at IS NULL
"""
_THESE_ON_SHIFT = text(_ON_SHIFT + " AND shift.driver_id = ANY(:driver_ids)").bindparams(
    bindparam("driver_ids", type_=ARRAY(Uuid))
)
_COLUMNS = """
    id, state, product, pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude, driver_id, requested_at
"""
_LIVE = " UNION ALL ".join(
    f"SELECT {_COLUMNS} FROM ride WHERE {states}"  # noqa: S608 (of words of this module)
    for states in (
        "state = 'requested'",
        "state IN ('matching', 'offered', 'driver_en_route')",
        "state IN ('arrived', 'in_progress', 'returning')",
    )
)
_LIVE_IN_BOX = text(f"""
    SELECT * FROM ({_LIVE}) AS live
    WHERE (pickup_latitude BETWEEN :south AND :north AND pickup_longitude BETWEEN :west AND :east)
       OR (dropoff_latitude BETWEEN :south AND :north AND dropoff_longitude BETWEEN :west AND :east)
    ORDER BY id DESC LIMIT :limit
""")  # noqa: S608 (as above)
_LIVE_BY_STATE = text(f"""
    SELECT state, count(*) AS number FROM ({_LIVE}) AS live GROUP BY state
    UNION ALL SELECT 'scheduled', count(*) FROM ride WHERE timer_at IS NOT NULL HAVING count(*) > 0
""")  # noqa: S608 (as above)
_VEHICLES = text(f"""
    SELECT ride_state, is_asked AND ride_state IS NULL AS is_asked, is_on_break, is_silent, count(*) AS number
    FROM ({_ON_SHIFT}) AS seen GROUP BY 1, 2, 3, 4
""")  # noqa: S608 (as above)
_OPEN_OFFERS = text("SELECT count(*) FROM offer WHERE state = 'open'")
_HAPPENED = text("""
    WITH asked AS MATERIALIZED (
        SELECT state, requested_at, arrived_at, ended_at, pickup_at, currency_code, fare_total_minor
        FROM ride WHERE requested_at >= :since
    ), happened AS (
        SELECT requested_at AS at, 'requested' AS what, NULL::float8 AS seconds, NULL AS currency_code, 0 AS minor
        FROM asked
        UNION ALL SELECT arrived_at, 'pickup', extract(epoch FROM arrived_at - requested_at)::float8, NULL, 0
        FROM asked WHERE arrived_at IS NOT NULL AND pickup_at IS NULL
        UNION ALL SELECT ended_at, state, NULL, currency_code,
            CASE WHEN state = 'completed' THEN fare_total_minor ELSE 0 END
        FROM asked WHERE ended_at IS NOT NULL
    )
    SELECT date_bin(:step, at, :since) AS started_at, what, currency_code, count(*) AS number,
           coalesce(avg(seconds), 0)::float8 AS mean_seconds, sum(minor)::bigint AS minor
    FROM happened WHERE at >= :since GROUP BY 1, 2, 3 ORDER BY 1
""")
_CANCELED = ("canceled_by_rider", "canceled_by_platform", "no_show", "returned")
_UNMATCHED = ("no_driver_available", "payment_failed")


class PostgresFleet:
    """The FleetReader of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_shift(self, driver_ids: Sequence[UUID]) -> list[VehicleOnShift]:
        if not driver_ids:
            return []
        async with self._database.connect() as connection:
            rows = (await connection.execute(_THESE_ON_SHIFT, {"driver_ids": list(driver_ids)})).mappings()
            return [
                VehicleOnShift(
                    row["driver_id"],
                    row["driver_name"],
                    row["vehicle_plate"],
                    VehicleClass(row["vehicle_class"]),
                    _state_of(row),
                    row["ride_id"],
                )
                for row in rows
            ]

    async def live_rides(self, box: Bounds, limit: int) -> list[LiveRide]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(_LIVE_IN_BOX, {**box._asdict(), "limit": limit})).mappings()
            return [
                LiveRide(
                    row["id"],
                    RideState(row["state"]),
                    row["product"],
                    GeoPoint(row["pickup_latitude"], row["pickup_longitude"]),
                    GeoPoint(row["dropoff_latitude"], row["dropoff_longitude"]),
                    row["driver_id"],
                    row["requested_at"],
                )
                for row in rows
            ]

    async def open_offers(self, ride_ids: Sequence[UUID]) -> list[FlyingOffer]:
        if not ride_ids:
            return []
        offer = tables.offers.c
        statement = select(offer.id, offer.ride_id, offer.driver_id, offer.expires_at)
        statement = statement.where(offer.ride_id.in_(ride_ids), offer.state == "open")
        async with self._database.connect() as connection:
            return [FlyingOffer(*row) for row in await connection.execute(statement)]

    async def standing(self) -> Standing:
        vehicles: Counter[VehicleState] = Counter()
        async with self._database.transaction() as connection:
            for row in (await connection.execute(_VEHICLES)).mappings():
                vehicles[_state_of(row)] += row["number"]
            rides = {RideState(state): number for state, number in await connection.execute(_LIVE_BY_STATE)}
            offers = await connection.scalar(_OPEN_OFFERS)
        return Standing(dict(vehicles), rides, offers or 0)

    async def steps(self, since: datetime, step: timedelta) -> list[PulseStep]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(_HAPPENED, {"since": since, "step": step})).mappings().all()
        by_start: dict[datetime, list[RowMapping]] = defaultdict(list)
        for row in rows:
            by_start[row["started_at"]].append(row)
        return [_step(started_at, some) for started_at, some in by_start.items()]


def _state_of(row: RowMapping) -> VehicleState:
    state: Any = row["ride_state"]
    return vehicle_state(
        None if state is None else RideState(state),
        is_asked=row["is_asked"],
        is_on_break=row["is_on_break"],
        is_silent=row["is_silent"],
    )


def _step(started_at: datetime, rows: Sequence[RowMapping]) -> PulseStep:
    def count(*names: str) -> int:
        return sum(row["number"] for row in rows if row["what"] in names)

    return PulseStep(
        started_at,
        requested_count=count("requested"),
        completed_count=count("completed"),
        canceled_count=count(*_CANCELED),
        unmatched_count=count(*_UNMATCHED),
        pickup_count=count("pickup"),
        mean_wait_seconds=next((row["mean_seconds"] for row in rows if row["what"] == "pickup"), 0.0),
        fares=tuple(Money(row["currency_code"], row["minor"]) for row in rows if row["what"] == "completed"),
    )
