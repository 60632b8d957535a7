"""Travel times that are learned from completed rides, on a real database."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.runtime import Wakeup
from matching_service.adapters import tables
from matching_service.adapters.postgres_travel_times import PostgresTravelTimes
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.learned_times import HOURS, UNTAUGHT
from matching_service.entrypoints.grpc_maps import MapServicer
from matching_service.use_cases.learn_travel_times import LearnTravelTimes, TravelTimesInForce
from matching_service.use_cases.quote_ride_edit import EditCommand
from matching_service.use_cases.read_ride_route import ReadRideRoute
from matching_service.use_cases.travel_time_ports import ToldTimes, TravelTimesVersion
from ridesharing.matching.v1 import map_service_pb2 as pb
from tests.fakes.matching_dispatch import NOON, HandClock
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, DROPOFF, PICKUP
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_edits import edited, stand
from tests.unit.matching.test_stops import BAKERY, SCHOOL

HERE, THERE = PICKUP.point, DROPOFF.point


@pytest.fixture
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


class Learning:
    """The use case on a database, as one replica."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.store = PostgresTravelTimes(database)
        zone = self.clock.now().tzinfo
        assert zone is not None
        self.in_force = TravelTimesInForce(self.store, self.clock, zone)
        self.eta = CrowFliesEta(CITY.travel, self.in_force.timing_of("crow_flies"))
        self.learn = LearnTravelTimes(
            trips=self.store,
            estimators=[self.eta],
            store=self.store,
            in_force=self.in_force,
            clock=self.clock,
            zone=zone,
        )

    async def seconds(self) -> int:
        return (await self.eta.trip(HERE, THERE)).seconds


async def drive_one(database: Database, driven_seconds: float) -> None:
    """A ride from its request to its end through the use cases."""
    stage = stage_on(database, FakePayments())
    ride, driver = await stage.under_way()
    stage.clock.advance(driven_seconds)
    await stage.complete(stage.key(), driver, ride.id)


async def copy_rides(database: Database, count: int, driven_seconds: float) -> None:
    """More completed rides like those there are, each an hour before the other."""
    statement = text(
        """
        INSERT INTO ride SELECT (json_populate_record(ride, json_build_object(
            'id', gen_random_uuid(), 'quote_id', gen_random_uuid(), 'rider_id', gen_random_uuid(),
            'requested_at', ride.requested_at - n * interval '1 hour',
            'started_at', ride.started_at - n * interval '1 hour',
            'ended_at', ride.started_at - n * interval '1 hour' + :driven * interval '1 second'))).*
        FROM ride, generate_series(1, :count) n
        """
    )
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE ride DISABLE TRIGGER USER"))  # no ride begins completed
        await connection.execute(statement, {"count": count, "driven": driven_seconds})


async def test_completed_rides_teach_how_long_the_way_takes(database: Database) -> None:
    learning = Learning(database)
    untaught = await learning.seconds()
    await drive_one(database, 2.5 * untaught)
    assert await learning.learn() == []  # one ride teaches nothing
    await copy_rides(database, 300, 2.5 * untaught)
    [version] = await learning.learn()
    assert (version.provider, version.map_id, version.version, version.trips) == ("crow_flies", "", 1, 301)
    assert version.in_force
    assert version.error_before == pytest.approx(0.6, abs=0.01)
    assert version.error_after < 0.05
    assert await learning.seconds() == pytest.approx(2.5 * untaught, rel=0.05)


async def test_what_was_told_is_compared_with_what_came_true(database: Database) -> None:
    learning = Learning(database)
    assert await learning.learn.told() == (ToldTimes(), ToldTimes())
    stage = stage_on(database, FakePayments())
    ride, driver_id = await stage.assigned()  # 180 s are told to the pickup, 840 s for the trip
    stage.clock.advance(240)
    await stage.arrive(stage.key(), driver_id, ride.id)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    stage.clock.advance(700)
    await stage.complete(stage.key(), driver_id, ride.id)
    pickups, trips = await learning.learn.told()
    assert pickups == pytest.approx((1, 60 / 240, 180 / 240))
    assert trips == pytest.approx((1, 140 / 700, 840 / 700))
    learning.clock.advance(8 * 86_400)
    assert await learning.learn.told() == (ToldTimes(), ToldTimes())


async def test_another_replica_has_it_in_force_without_a_restart_and_learns_no_sooner_than_a_day_later(
    database: Database,
) -> None:
    one, other = Learning(database), Learning(database)
    assert await other.learn.is_due()
    untaught = await other.seconds()
    await drive_one(database, 2 * untaught)
    await copy_rides(database, 250, 2 * untaught)
    await one.learn()
    assert await other.seconds() == untaught
    await other.learn.refresh()
    assert await other.seconds() == await one.seconds() > untaught
    assert not await other.learn.is_due()
    other.clock.advance(86_400)
    assert await other.learn.is_due()
    await other.learn()
    assert [version.version for version in await one.learn.versions(10)] == [2, 1]


def version(number: int) -> TravelTimesVersion:
    return TravelTimesVersion("street", "m1", number, NOON, 500, 0.4, 0.3, number != 2, UNTAUGHT)


async def test_of_two_replicas_that_learn_at_once_one_is_heard(database: Database) -> None:
    store = PostgresTravelTimes(database)
    assert await store.add(version(1))
    assert not await store.add(replace(version(1), trips=900))
    found = await store.newest("street", "m1", in_force=True)
    assert found == version(1)


async def test_what_is_not_in_force_and_what_is_of_another_map_does_not_count(database: Database) -> None:
    store = PostgresTravelTimes(database)
    await store.add(version(1))
    await store.add(version(2))
    assert await store.newest("street", "m1", in_force=True) == version(1)
    assert await store.newest("street", "m1", in_force=False) == version(2)
    assert await store.newest("street", "m2", in_force=True) is None


@pytest.mark.parametrize(
    ("change", "refused_by"),
    [
        ({"factors": [1.0] * (HOURS - 1)}, "factors_whole"),
        ({"factors": [0.0] * HOURS}, "factors_whole"),
        ({"factors": [1.0] * (HOURS - 1) + [None]}, "factors_whole"),
        ({"factors": [float("nan")] * HOURS}, "factors_whole"),
        ({"factors": []}, "factors_whole"),
        ({"start_seconds": -1.0}, "start_bounded"),
        ({"trips": 0}, "taught"),
        ({"version": 0}, "version_counts"),
    ],
)
async def test_the_database_refuses_times_that_cannot_be(
    database: Database, change: dict[str, object], refused_by: str
) -> None:
    row = {
        "provider": "street",
        "map_id": "",
        "version": 1,
        "learned_at": NOON,
        "trips": 300,
        "error_before": 0.5,
        "error_after": 0.4,
        "in_force": True,
        "start_seconds": 60.0,
        "factors": [1.0] * HOURS,
    }
    with pytest.raises(DBAPIError, match=f"ck_travel_times_{refused_by}"):
        async with database.transaction() as connection:
            await connection.execute(insert(tables.travel_times).values({**row, **change}))


@pytest.mark.parametrize("attack", ["UPDATE travel_times SET in_force = true", "DELETE FROM travel_times"])
async def test_what_was_learned_is_never_changed(database: Database, attack: str) -> None:
    await PostgresTravelTimes(database).add(version(1))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as connection:
            await connection.execute(text(attack))


async def test_operators_are_told_what_was_learned_and_may_ask_for_more(database: Database) -> None:
    learning, asked = Learning(database), Wakeup()
    stage = stage_on(database, FakePayments())
    route = ReadRideRoute(stage.reader, stage.locations, learning.eta, learning.clock)
    servicer = MapServicer(learn_travel_times=learning.learn, ask_for_lesson=asked.wake, read_ride_route=route)
    await learning.store.add(version(1))
    context: object = None
    answer = await servicer.ListTravelTimes(pb.ListTravelTimesRequest(), context)  # pyright: ignore[reportArgumentType]
    [told] = answer.travel_times
    assert (told.provider, told.version, told.trip_count, told.in_force) == ("street", 1, 500, True)
    assert len(told.factors) == HOURS
    await servicer.LearnTravelTimes(pb.LearnTravelTimesRequest(), context)  # pyright: ignore[reportArgumentType]
    assert await asked.wait(0.01)


async def test_a_trip_that_was_led_elsewhere_on_the_way_teaches_nothing(database: Database) -> None:
    stage, learning = stage_on(database, FakePayments()), Learning(database)
    ride, driver_id = await stage.under_way()
    stage.clock.advance(600)
    stand(stage, driver_id, SCHOOL)
    await edited(stage, ride, EditCommand(dropoff=BAKERY))
    stage.clock.advance(300)
    await stage.complete(stage.key(), driver_id, ride.id)
    assert await learning.store.recent_trips(NOON - timedelta(days=1), 10) == []
    assert await learning.store.told_trips(NOON - timedelta(days=1)) == ToldTimes()
