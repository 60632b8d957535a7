"""Trips and vehicles for agencies: what is told, and what is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.coarse_places import coarse
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.delivery import DeliveryFailure, ProofKind
from matching_service.domain.mds import VehicleState, minute, trip_id
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import LOST_SECONDS
from matching_service.domain.terms import Funding
from matching_service.use_cases.export_mds import ExportMds
from matching_service.use_cases.hand_over_order import HandOver
from shared_kernel.geo import GeoPoint, haversine_meters
from tests.fakes.matching_stage import CITY, Stage
from tests.fakes.matching_store import MemoryStore
from tests.unit.matching.test_requests import refusal
from tests.unit.matching.test_shift_wishes import hear

PROVIDER = uuid4()
PRECISE_RADIUS_METERS = 563.9
"""1,850 feet: up to a circle of this radius a place is precise geolocation by California Civil Code 1798.140."""


class MemoryMds:
    """The MdsReader over the rows in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self.rides = store.tables.rides

    async def completed(self, since: datetime, until: datetime, limit: int, after: UUID | None) -> list[Ride]:
        over = [ride for ride in self.rides.values() if ride.state is RideState.COMPLETED and ride.ended_at]
        mine = sorted((ride for ride in over if ride.ended_at and since <= ride.ended_at < until), key=lambda r: r.id)
        return [ride for ride in mine if after is None or ride.id > after][:limit]

    async def last_rides(self, driver_ids: Sequence[UUID]) -> dict[UUID, Ride]:
        by_driver: dict[UUID, Ride] = {}
        for ride in sorted(self.rides.values(), key=lambda each: each.id):
            if ride.driver is not None and ride.driver.driver_id in driver_ids:
                by_driver[ride.driver.driver_id] = ride
        return by_driver


@pytest.fixture
def export(stage: Stage) -> ExportMds:
    assert isinstance(stage.store, MemoryStore)
    return ExportMds(MemoryMds(stage.store), stage.shifts, stage.locations, stage.cities, coarse, PROVIDER, stage.clock)


def hour_of(stage: Stage) -> datetime:
    return stage.clock.now().replace(minute=0, second=0, microsecond=0)


async def driven(stage: Stage) -> Ride:
    ride, driver_id = await stage.under_way()
    stage.clock.advance(725.5)
    return await stage.complete(stage.key(), driver_id, ride.id)


async def test_a_trip_is_told_once_its_hour_is_over_by_minute_and_cell(stage: Stage, export: ExportMds):
    hour, ride = hour_of(stage), await driven(stage)
    assert (await refusal(export.trips(hour, 10, None))).reason == "mds_hour_not_over"
    stage.clock.advance(3600)
    [trip] = (await export.trips(hour, 10, None)).items
    assert ride.started_at is not None
    assert (trip.start_time, trip.start_time.second) == (minute(ride.started_at), 0)
    assert trip.duration_seconds == 720
    assert (trip.trip_type, trip.payment_type, trip.passenger_count) == ("private", "credit_card", 1)
    assert (trip.fare, trip.taxes.amount_minor) == (ride.fare.total, 99)
    assert trip.start == coarse(ride.pickup.point) != ride.pickup.point
    assert trip.trip_id == trip_id(PROVIDER, ride.id) != ride.id
    assert str(ride.rider_id) not in repr(trip)
    stage.clock.advance(3600)
    assert (await export.trips(hour + timedelta(hours=1), 10, None)).items == []


async def test_a_trip_tells_of_wheelchairs_by_who_serves_its_product_whatever_that_is_called(
    stage: Stage, export: ExportMds
):
    products = {"access": CITY.products["wheelchair"], "wheelchair": CITY.products["economy"]}
    cities = FixedCities(replace(CITY, products=products))
    hour, rider_id = hour_of(stage), stage.new_id()
    for product in products:
        quote = await stage.quote(rider_id, product=product)
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
        driver_id = await stage.driver()
        await stage.accept(stage.key(), driver_id, (await stage.offer(ride, driver_id)).id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.complete(stage.key(), driver_id, ride.id)
    stage.clock.advance(3660)
    trips = (await replace(export, cities=cities).trips(hour, 10, None)).items
    assert [trip.wheelchair for trip in trips] == [True, False]


async def test_an_hour_is_told_only_when_its_last_trips_are_stored_everywhere(stage: Stage, export: ExportMds):
    hour = hour_of(stage)
    await driven(stage)
    stage.clock.advance((hour + timedelta(hours=1) - stage.clock.now()).total_seconds())
    early = await refusal(export.trips(hour, 10, None))
    assert (early.reason, early.retry_after_seconds) == ("mds_hour_not_over", 60)
    stage.clock.advance(60)
    assert len((await export.trips(hour, 10, None)).items) == 1


async def test_the_last_hour_of_the_calendar_is_not_over(stage: Stage, export: ExportMds):
    last = datetime.max.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    assert (await refusal(export.trips(last, 10, None))).reason == "mds_hour_not_over"


async def test_pages_of_an_hour_hold_each_trip_once(stage: Stage, export: ExportMds):
    hour = hour_of(stage)
    wanted = {trip_id(PROVIDER, (await driven(stage)).id) for _ in range(4)}
    stage.clock.advance(3600)
    first = await export.trips(hour, 3, None)
    second = await export.trips(hour, 3, first.next_after)
    assert {trip.trip_id for trip in [*first.items, *second.items]} == wanted
    assert (len(first.items), second.next_after) == (3, None)


async def test_a_ride_that_was_called_off_is_no_trip(stage: Stage, export: ExportMds):
    hour, ride = hour_of(stage), await stage.ride(funding=Funding.CASH)
    await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
    stage.clock.advance(3660)
    assert (await export.trips(hour, 10, None)).items == []


async def test_a_vehicles_state_follows_shift_ride_and_device(stage: Stage, export: ExportMds):
    async def state() -> tuple[VehicleState, str, bool]:
        [vehicle] = (await export.vehicles(10, None)).items
        return vehicle.state, vehicle.event_type, vehicle.trip_id is not None

    driver_id, asked = await stage.driver(), await stage.ride()
    assert await state() == (VehicleState.AVAILABLE, "service_start", False)
    await stage.take_break(stage.key(), driver_id, 600)
    assert await state() == (VehicleState.NON_OPERATIONAL, "service_end", False)
    await stage.change_shift.end_break(stage.key(), driver_id)
    offer = await stage.offer(asked, driver_id)
    ride = await stage.accept(stage.key(), driver_id, offer.id)
    assert await state() == (VehicleState.RESERVED, "reservation_start", True)
    await stage.arrive(stage.key(), driver_id, ride.id)
    assert await state() == (VehicleState.STOPPED, "reservation_stop", True)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    assert await state() == (VehicleState.ON_TRIP, "trip_start", True)
    hear(stage, driver_id)
    stage.clock.advance(LOST_SECONDS)
    await stage.watch(10)
    assert await state() == (VehicleState.UNKNOWN, "comms_lost", False)
    hear(stage, driver_id)
    await stage.watch(10)
    await stage.complete(stage.key(), driver_id, ride.id)
    assert await state() == (VehicleState.AVAILABLE, "trip_end", True)
    [vehicle] = (await export.vehicles(10, None)).items
    assert vehicle.place == coarse(stage.locations.positions[driver_id].point)


@pytest.mark.parametrize("handed_over", [True, False])
async def test_of_a_vehicle_that_carries_goods_an_agency_hears_that_it_is_out_of_service_and_back(
    stage: Stage, export: ExportMds, handed_over: bool
):
    ride, driver_id = await stage.carrying()
    [vehicle] = (await export.vehicles(10, None)).items
    assert (vehicle.state, vehicle.event_type) == (VehicleState.NON_OPERATIONAL, "service_end")
    stage.clock.advance(600)
    if handed_over:
        assert ride.delivery is not None
        pin = HandOver(ProofKind.PIN, pin=ride.delivery.hand_over_pin)
        await stage.hand_over(stage.key(), driver_id, ride.id, pin)
    else:
        await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.RECIPIENT_ABSENT, "")
        [vehicle] = (await export.vehicles(10, None)).items
        assert (vehicle.state, vehicle.event_type) == (VehicleState.NON_OPERATIONAL, "service_end")
        await stage.return_order(stage.key(), driver_id, ride.id, "the baker")
    [vehicle] = (await export.vehicles(10, None)).items
    assert (vehicle.state, vehicle.event_type, vehicle.trip_id) == (VehicleState.AVAILABLE, "service_start", None)
    assert vehicle.event_time == minute(stage.clock.now())


async def test_without_a_provider_id_nothing_is_exported(stage: Stage, export: ExportMds):
    unnamed = ExportMds(export.reader, stage.shifts, stage.locations, stage.cities, coarse, None, stage.clock)
    assert (await refusal(unnamed.trips(hour_of(stage), 10, None))).reason == "mds_not_configured"
    assert (await refusal(unnamed.vehicles(10, None))).reason == "mds_not_configured"
    half_past = hour_of(stage) + timedelta(minutes=30)
    assert (await refusal(export.trips(half_past, 10, None))).reason == "invalid_argument"


@given(st.floats(-60, 60), st.floats(-179, 179))
def test_a_coarse_place_stands_for_more_than_a_precise_circle(latitude: float, longitude: float):
    point = GeoPoint(latitude, longitude)
    middle = coarse(point)
    assert haversine_meters(point, middle) < 2_500
    # Places further apart than a precise circle is wide stand for the same.
    around = [GeoPoint(middle.latitude + dy, middle.longitude + dx) for dy, dx in ((0.005, 0), (-0.005, 0), (0, 0.004))]
    assert {coarse(place) for place in around} == {middle}
    assert haversine_meters(around[0], around[1]) > PRECISE_RADIUS_METERS
