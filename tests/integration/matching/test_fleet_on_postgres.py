"""What operators watch, on a real database: the picture of a box, and the pulse."""

from datetime import timedelta

import pytest

from chassis.database import Database
from matching_service.adapters.postgres_fleet import PostgresFleet
from matching_service.adapters.shard_cells import shards_within
from matching_service.domain.fleet import PulseStep, VehicleState
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.watch_fleet import FeelPulse, FleetPicture, LookAtFleet
from shared_kernel.errors import InvalidInput
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import FARE, Stage
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_shift_wishes import hear

SOUTHWEST, NORTHEAST = GeoPoint(37.7, -122.5), GeoPoint(37.8, -122.4)


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


async def look(stage: Stage, database: Database, vehicle_limit: int = 50, ride_limit: int = 50) -> FleetPicture:
    watch = LookAtFleet(PostgresFleet(database), stage.locations, shards_within, stage.clock)
    return await watch(SOUTHWEST, NORTHEAST, vehicle_limit, ride_limit)


async def test_the_picture_shows_what_each_driver_does(stage: Stage, database: Database):
    free, paused, offline = await stage.driver(), await stage.driver(), await stage.driver()
    _, en_route = await stage.assigned()
    at_pickup, waits = await stage.arrived()
    in_trip, drives = await stage.under_way()
    waiting, asked = await stage.ride(), await stage.driver()
    offer = await stage.offer(waiting, asked)
    await stage.take_break(stage.key(), paused, 600)
    await stage.end_shift(stage.key(), offline)
    for driver_id in (free, paused, offline, en_route, waits, drives, asked):
        hear(stage, driver_id)
    picture = await look(stage, database)
    assert {seen.vehicle.driver_id: seen.vehicle.state for seen in picture.vehicles} == {
        free: VehicleState.FREE,
        paused: VehicleState.ON_BREAK,
        en_route: VehicleState.EN_ROUTE,
        waits: VehicleState.ARRIVED,
        drives: VehicleState.IN_TRIP,
        asked: VehicleState.OFFERED,
    }
    rides = {seen.vehicle.driver_id: seen.vehicle.ride_id for seen in picture.vehicles}
    assert (rides[waits], rides[drives], rides[free]) == (at_pickup.id, in_trip.id, None)
    assert [(flying.id, flying.ride_id, flying.driver_id) for flying in picture.offers] == [
        (offer.id, waiting.id, asked)
    ]
    assert [ride.id for ride in picture.rides] == sorted((ride.id for ride in picture.rides), reverse=True)
    assert {ride.state for ride in picture.rides} == {
        RideState.OFFERED,
        RideState.DRIVER_EN_ROUTE,
        RideState.ARRIVED,
        RideState.IN_PROGRESS,
    }


async def test_a_driver_of_several_parties_is_one_vehicle_on_the_ride_that_is_furthest_on(
    stage: Stage, database: Database
):
    [first, second], driver_id = await stage.shared()
    await stage.arrive(stage.key(), driver_id, second.id)
    hear(stage, driver_id)
    [seen] = (await look(stage, database)).vehicles
    assert (seen.vehicle.state, seen.vehicle.ride_id) == (VehicleState.ARRIVED, second.id)
    assert first.id != second.id


async def test_who_was_not_heard_of_for_a_minute_or_is_elsewhere_is_not_shown(stage: Stage, database: Database):
    lost, elsewhere = await stage.driver(), await stage.driver()
    hear(stage, lost, seconds_ago=61)
    hear(stage, elsewhere)
    stage.locations.positions[elsewhere] = stage.locations.positions[elsewhere]._replace(latitude=37.9)
    picture = await look(stage, database)
    assert (picture.vehicles, picture.vehicle_count) == ([], 0)


async def test_a_full_box_shows_the_same_vehicles_each_time_and_says_how_many_there_are(
    stage: Stage, database: Database
):
    for _ in range(6):
        hear(stage, await stage.driver())
    first, second = await look(stage, database, vehicle_limit=2), await look(stage, database, vehicle_limit=2)
    assert first.vehicle_count == 6
    assert len(first.vehicles) == 2
    assert {seen.vehicle.driver_id for seen in first.vehicles} == {seen.vehicle.driver_id for seen in second.vehicles}


async def test_corners_that_span_no_box_are_refused(stage: Stage, database: Database):
    watch = LookAtFleet(PostgresFleet(database), stage.locations, shards_within, stage.clock)
    with pytest.raises(InvalidInput, match="no box"):
        await watch(NORTHEAST, SOUTHWEST, 10, 10)


async def test_the_pulse_counts_now_and_each_step(stage: Stage, database: Database):
    begun = stage.clock.now()
    feel = FeelPulse(PostgresFleet(database), stage.clock)
    ride, driver_id = await stage.assigned()
    await stage.driver()
    stage.clock.advance(90)
    await stage.arrive(stage.key(), driver_id, ride.id)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    stage.clock.advance(60)
    await stage.complete(stage.key(), driver_id, ride.id)
    given_up = await stage.ride()
    await stage.cancel(stage.key(), given_up.rider_id, given_up.id, "", "")
    waiting, asked = await stage.ride(), await stage.driver()
    await stage.offer(waiting, asked)
    pulse = await feel(begun, 60)
    assert pulse.standing.vehicles == {VehicleState.FREE: 2, VehicleState.OFFERED: 1}
    assert pulse.standing.rides == {RideState.OFFERED: 1}
    assert pulse.standing.open_offer_count == 1
    at = [begun + timedelta(seconds=60 * number) for number in range(3)]
    assert pulse.steps == [
        PulseStep(at[0], requested_count=1),
        PulseStep(at[1], pickup_count=1, mean_wait_seconds=90.0),
        PulseStep(at[2], requested_count=2, completed_count=1, canceled_count=1, fares=(FARE.total,)),
    ]


async def test_a_period_of_too_many_steps_or_to_come_is_refused(stage: Stage, database: Database):
    feel = FeelPulse(PostgresFleet(database), stage.clock)
    for since, step in ((timedelta(hours=5), 60), (timedelta(seconds=-1), 60)):
        with pytest.raises(InvalidInput, match="cannot be told"):
            await feel(stage.clock.now() - since, step)
