"""The way of a ride that is still to be driven."""

from datetime import datetime
from uuid import UUID

from matching_service.domain.city import TravelPolicy, VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.locations import DriverPosition
from matching_service.domain.polyline import decode_polyline, encode_polyline, join_polylines
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.use_cases.read_ride_route import ReadRideRoute, RideRoute
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_stage import DROPOFF, PICKUP, Stage
from tests.unit.matching.test_requests import refusal

BAKERY = Place(GeoPoint(37.7810, -122.4110), "Bakery")
SCHOOL = Place(GeoPoint(37.7880, -122.4050), "School")
GARAGE = GeoPoint(37.7700, -122.4300)
ETA = CrowFliesEta(TravelPolicy(1.2, 20.0))


async def route(stage: Stage, ride: Ride) -> RideRoute:
    read = ReadRideRoute(stage.reader, stage.locations, ETA, stage.clock)
    return await read(ride.id, rider_id=ride.rider_id)


async def be_at(stage: Stage, driver_id: UUID, point: GeoPoint) -> datetime:
    now = stage.clock.now()
    position = DriverPosition(
        driver_id, point.latitude, point.longitude, now.timestamp(), int(now.timestamp()), VehicleClass.ECONOMY, 1
    )
    await stage.locations.record([position])
    return now


def ends(found: RideRoute) -> list[str]:
    return [leg.end.value for leg in found.legs]


async def test_while_a_driver_is_looked_for_the_way_is_the_planned_one(stage: Stage) -> None:
    found = await route(stage, await stage.ride(stops=(BAKERY,)))
    assert ends(found) == ["stop", "dropoff"]
    assert found.legs[0].trip == await ETA.trip(PICKUP.point, BAKERY.point)
    assert found.legs[1].trip == await ETA.trip(BAKERY.point, DROPOFF.point)
    assert found.measured_at is None


async def test_while_the_driver_comes_the_way_begins_where_the_driver_is(stage: Stage) -> None:
    ride, driver_id = await stage.assigned()
    at = await be_at(stage, driver_id, GARAGE)
    found = await route(stage, ride)
    assert ends(found) == ["pickup", "dropoff"]
    assert found.legs[0].trip == await ETA.trip(GARAGE, PICKUP.point)
    assert found.measured_at == at


async def test_of_a_driver_who_is_not_heard_of_nobody_tells_how_far_the_pickup_is(stage: Stage) -> None:
    ride, driver_id = await stage.assigned()
    assert ends(await route(stage, ride)) == ["dropoff"]
    await be_at(stage, driver_id, GARAGE)
    stage.clock.advance(61)
    found = await route(stage, ride)
    assert (ends(found), found.measured_at) == (["dropoff"], None)


async def test_on_the_trip_only_what_is_left_of_it_is_told(stage: Stage) -> None:
    ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
    assert ends(await route(stage, ride)) == ["stop", "stop", "dropoff"]
    await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
    found = await route(stage, ride)
    assert ends(found) == ["stop", "dropoff"]
    assert found.legs[0].trip == await ETA.trip(BAKERY.point, SCHOOL.point)
    await be_at(stage, driver_id, GARAGE)
    assert (await route(stage, ride)).legs[0].trip == await ETA.trip(GARAGE, SCHOOL.point)


async def test_a_ride_that_is_over_has_no_way_and_somebody_elses_is_not_found(stage: Stage) -> None:
    ride, driver_id = await stage.under_way()
    read = ReadRideRoute(stage.reader, stage.locations, ETA, stage.clock)
    assert (await refusal(read(ride.id, rider_id=stage.new_id()))).reason == "ride_not_found"
    assert (await refusal(read(ride.id, driver_id=stage.new_id()))).reason == "ride_not_found"
    assert (await read(ride.id, driver_id=driver_id)).legs
    assert (await read(ride.id)).legs  # an operator
    await stage.complete(stage.key(), driver_id, ride.id)
    assert (await refusal(read(ride.id))).reason == "ride_over"


async def test_in_a_shared_vehicle_the_way_leads_by_the_others_places_and_does_not_name_them(stage: Stage) -> None:
    [first, second], driver_id = await stage.shared()
    await be_at(stage, driver_id, GARAGE)
    alone, after = await route(stage, first), await route(stage, second)
    assert ends(alone) == ends(after) == ["pickup", "dropoff"]
    # The second is picked up once the first is dropped off, so the leg to it is three.
    to_first, across, back = (
        await ETA.trip(GARAGE, PICKUP.point),
        await ETA.trip(PICKUP.point, DROPOFF.point),
        await ETA.trip(DROPOFF.point, PICKUP.point),
    )
    assert alone.legs[0].trip == to_first
    assert after.legs[0].trip.seconds == to_first.seconds + across.seconds + back.seconds
    assert after.legs[0].trip.meters == to_first.meters + across.meters + back.meters
    assert after.legs[0].place == second.pickup
    stage.clock.advance(61)  # nobody hears of the driver
    assert ends(await route(stage, second)) == ["dropoff"]
    await stage.arrive(stage.key(), driver_id, first.id)
    assert ends(await route(stage, first)) == ["dropoff"]
    await stage.start(stage.key(), driver_id, first.id, first.start_pin)
    await be_at(stage, driver_id, GARAGE)
    assert (await route(stage, first)).legs[0].trip == await ETA.trip(GARAGE, DROPOFF.point)
    assert ends(await route(stage, second)) == ["pickup", "dropoff"]


def test_lines_that_meet_become_one() -> None:
    one, other = encode_polyline([(1.0, 2.0), (1.5, 2.5)]), encode_polyline([(1.5, 2.5), (3.0, 3.0)])
    assert decode_polyline(join_polylines([one, other])) == [(1.0, 2.0), (1.5, 2.5), (3.0, 3.0)]
    assert join_polylines([one]) == one
    assert join_polylines([one, ""]) == ""
    assert join_polylines([]) == ""
