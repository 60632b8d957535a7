"""Trips that are watched, on a real database: cases are rows, told once, whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres_trip_watch import PostgresTripAlerts, PostgresTripWatches
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.ride import Ride
from matching_service.domain.trip_watch import MOST_ALERTS, AlertKind, WatchPolicy
from matching_service.use_cases.list_trip_alerts import ListTripAlerts
from matching_service.use_cases.watch_trips import WatchTrips
from ridesharing.matching.v1 import trip_alerts_pb2
from ridesharing.matching.v1.events_pb2 import TripAlertRaised
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import DROPOFF, PICKUP, Stage
from tests.integration.matching.stage import stage_on

POLICY = WatchPolicy(500, 0.0, stray_seconds=60, still_meters=60, still_seconds=120, near_meters=150)
AWAY = GeoPoint(PICKUP.point.latitude + 0.2, PICKUP.point.longitude)


@pytest.fixture
def stage(database: Database) -> Stage:
    return stage_on(database, FakePayments())


@pytest.fixture
async def watch(stage: Stage, database: Database) -> Callable[[], WatchTrips]:
    """Each call is another process."""
    async with database.transaction() as connection:
        # Trips of other tests are under way on the same database: nobody hears of their drivers.
        await connection.execute(text("DELETE FROM trip_watch"))
    return lambda: WatchTrips(
        stage.store, PostgresTripWatches(database), stage.locations, POLICY, stage.clock, stage.new_id
    )


def at(stage: Stage, driver_id: UUID, point: GeoPoint) -> None:
    """The driver's device tells where it is."""
    stage.locations.positions[driver_id] = DriverPosition(
        driver_id, point.latitude, point.longitude, stage.clock.now().timestamp(), 1, VehicleClass.ECONOMY, 1
    )


async def look(stage: Stage, watch: WatchTrips, driver_id: UUID, point: GeoPoint, *, seconds: float) -> None:
    """Be at a place for a while, looked at every 15 s."""
    for _ in range(int(seconds / 15)):
        stage.clock.advance(15)
        at(stage, driver_id, point)
        await watch(1_000)


async def alerts_of(database: Database, ride: Ride) -> list[TripAlertRaised]:
    told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%TripAlertRaised' ORDER BY seq")
    async with database.connect() as connection:
        return [TripAlertRaised.FromString(each) for each in await connection.scalars(told, {"id": ride.id})]


async def test_a_case_is_told_once_to_rider_and_operator_whoever_watches(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    ride, driver_id = await stage.under_way()
    for _ in range(10):
        # Each look by a process that has just begun: what is remembered stands in the row.
        await look(stage, watch(), driver_id, AWAY, seconds=15)
    kinds = [alert.alert.kind for alert in await alerts_of(database, ride)]
    assert kinds == [trip_alerts_pb2.TRIP_ALERT_KIND_ROUTE_DEVIATED, trip_alerts_pb2.TRIP_ALERT_KIND_LONG_STOP]
    listed, _ = await ListTripAlerts(PostgresTripAlerts(database))(10, None)
    mine = [alert for alert in listed if alert.ride_id == ride.id]
    assert [alert.kind for alert in mine] == [AlertKind.LONG_STOP, AlertKind.ROUTE_DEVIATED]
    assert {(alert.rider_id, alert.driver_id, alert.point) for alert in mine} == {(ride.rider_id, driver_id, AWAY)}


async def test_a_stop_and_the_dropoff_are_places_to_stand_at(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    ride, driver_id = await stage.under_way(stops=(PICKUP,))
    await look(stage, watch(), driver_id, PICKUP.point, seconds=300)
    await look(stage, watch(), driver_id, DROPOFF.point, seconds=300)
    assert await alerts_of(database, ride) == []


async def test_nobody_is_asked_more_than_five_times(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    ride, driver_id = await stage.under_way()
    watching = watch()
    for number in range(MOST_ALERTS + 3):
        stray = GeoPoint(AWAY.latitude + 0.01 * number, AWAY.longitude)
        await look(stage, watching, driver_id, stray, seconds=90)
        await look(stage, watching, driver_id, PICKUP.point, seconds=15)
    assert len(await alerts_of(database, ride)) == MOST_ALERTS


async def test_a_ride_that_is_over_and_a_driver_who_is_silent_are_left_alone(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    ride, driver_id = await stage.under_way()
    await look(stage, watch(), driver_id, AWAY, seconds=45)
    for _ in range(20):
        stage.clock.advance(15)
        await watch()(1_000)
    await stage.complete(stage.key(), driver_id, ride.id)
    await look(stage, watch(), driver_id, AWAY, seconds=300)
    assert await alerts_of(database, ride) == []


async def test_trips_beyond_the_limit_are_looked_at_next(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    trips = [await stage.under_way() for _ in range(3)]
    watching = watch()
    stage.clock.advance(15)
    for _, driver_id in trips:
        at(stage, driver_id, PICKUP.point)
    looks = 0
    while await watching(2) == 2:
        looks += 1
    seen = text("SELECT count(*) FROM trip_watch WHERE ride_id = ANY(:ids)")
    async with database.connect() as connection:
        assert await connection.scalar(seen, {"ids": [ride.id for ride, _ in trips]}) == 3
    assert looks >= 1


async def test_alerts_are_erased_with_their_rider(
    stage: Stage, database: Database, watch: Callable[[], WatchTrips]
) -> None:
    ride, driver_id = await stage.under_way()
    await look(stage, watch(), driver_id, AWAY, seconds=90)
    assert len(await alerts_of(database, ride)) == 1
    await stage.complete(stage.key(), driver_id, ride.id)
    await stage.settle()
    await MatchingPersonalData(database).erase(ride.rider_id, "erasure")
    listed, _ = await ListTripAlerts(PostgresTripAlerts(database))(100, None)
    assert [alert for alert in listed if alert.ride_id == ride.id] == []


async def test_the_database_refuses_a_sixth_alert_and_a_case_told_twice(stage: Stage, database: Database) -> None:
    ride, driver_id = await stage.under_way()
    insert = text("""
        INSERT INTO trip_alert (id, ride_id, rider_id, driver_id, kind, number, latitude, longitude, since, raised_at)
        VALUES (:id, :ride, :rider, :driver, 'long_stop', :number, 1, 1, :since, :since)
    """)
    values = {"ride": ride.id, "rider": ride.rider_id, "driver": driver_id, "since": stage.clock.now()}
    async with database.transaction() as connection:
        await connection.execute(insert, {**values, "id": stage.new_id(), "number": 1})
    for number, constraint in ((6, "ck_trip_alert_number"), (2, "uq_trip_alert_ride_id_kind_since")):
        with pytest.raises(IntegrityError, match=constraint):
            async with database.transaction() as connection:
                await connection.execute(insert, {**values, "id": stage.new_id(), "number": number})
