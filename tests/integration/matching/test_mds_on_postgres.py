"""The export of trips and vehicles on a real database."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from matching_service.adapters.coarse_places import coarse
from matching_service.adapters.postgres_mds import PostgresMdsReader
from matching_service.domain.delivery import DeliveryFailure
from matching_service.domain.mds import VehicleState, trip_id
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import Capability
from matching_service.use_cases.export_mds import ExportMds
from matching_service.use_cases.reader_ports import ShiftFilter
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_mds import driven, hour_of
from tests.unit.matching.test_schedules import SCHEDULE, TOMORROW, wait_until
from tests.unit.matching.test_shift_wishes import hear


async def drive(stage: Stage, ride: Ride, driver_id: UUID) -> None:
    """Take a ride that looks for a driver to its end."""
    offer = await stage.offer(ride, driver_id)
    await stage.accept(stage.key(), driver_id, offer.id)
    await stage.arrive(stage.key(), driver_id, ride.id)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    await stage.complete(stage.key(), driver_id, ride.id)


async def test_an_hours_trips_and_the_vehicles_are_exported_page_by_page(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        stage, provider_id = stage_on(database, FakePayments()), uuid4()
        reader = PostgresMdsReader(database)
        export = ExportMds(reader, stage.shifts, stage.locations, stage.cities, coarse, provider_id, stage.clock)
        hour = hour_of(stage)
        wanted = [trip_id(provider_id, (await driven(stage)).id) for _ in range(3)]
        on_trip, driver_id = await stage.under_way()
        hear(stage, driver_id)
        stage.clock.advance(7200)
        first = await export.trips(hour, 2, None)
        second = await export.trips(hour, 2, first.next_after)
        assert [trip.trip_id for trip in [*first.items, *second.items]] == wanted
        assert (await export.trips(hour + timedelta(hours=1), 10, None)).items == []
        vehicles = (await export.vehicles(10, None)).items
        assert [vehicle.state for vehicle in vehicles].count(VehicleState.AVAILABLE) == 3
        [driving] = [vehicle for vehicle in vehicles if vehicle.trip_id == trip_id(provider_id, on_trip.id)]
        assert (driving.state, driving.event_type) == (VehicleState.ON_TRIP, "trip_start")
        assert await reader.last_rides([]) == {}


async def test_parties_who_share_a_vehicle_make_one_vehicle_and_one_shift(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        stage, provider_id = stage_on(database, FakePayments()), uuid4()
        [first, second], driver_id = await stage.shared()
        await stage.arrive(stage.key(), driver_id, first.id)
        await stage.start(stage.key(), driver_id, first.id, first.start_pin)
        [record] = (await stage.list_shifts(10, None, ShiftFilter.ALL)).shifts
        assert record.ride_id == min(first.id, second.id)
        reader = PostgresMdsReader(database)
        export = ExportMds(reader, stage.shifts, stage.locations, stage.cities, coarse, provider_id, stage.clock)
        [vehicle] = (await export.vehicles(10, None)).items
        assert (vehicle.state, vehicle.trip_id) == (VehicleState.ON_TRIP, trip_id(provider_id, first.id))


async def test_a_courier_on_the_way_back_to_the_shop_cannot_be_hailed_whatever_was_asked_for_since(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        stage = stage_on(database, FakePayments())
        order, driver_id = await stage.order(), await stage.driver(*Capability)
        # Asked for after the order, and driven before it.
        await drive(stage, await stage.ride(), driver_id)
        offer = await stage.offer(order, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, order.id)
        await stage.collect(stage.key(), driver_id, order.id, "")
        await stage.fail_delivery(stage.key(), driver_id, order.id, DeliveryFailure.REFUSED, "")
        reader = PostgresMdsReader(database)
        export = ExportMds(reader, stage.shifts, stage.locations, stage.cities, coarse, uuid4(), stage.clock)
        [vehicle] = (await export.vehicles(10, None)).items
        assert (vehicle.state, vehicle.event_type) == (VehicleState.NON_OPERATIONAL, "service_end")


async def test_the_last_ride_of_a_driver_is_the_one_driven_last_though_it_was_asked_for_long_ahead(
    migrated_postgres_url: Callable[[str], str],
) -> None:
    async with open_database(migrated_postgres_url("matching")) as database:
        stage, provider_id = stage_on(database, FakePayments()), uuid4()
        ahead = await stage.scheduled(TOMORROW)
        await wait_until(stage, ahead, SCHEDULE.hold_lead_seconds)
        now, driver_id = await stage.ride(), await stage.driver()
        await drive(stage, now, driver_id)
        await drive(stage, await wait_until(stage, ahead, SCHEDULE.search_lead_seconds), driver_id)
        reader = PostgresMdsReader(database)
        export = ExportMds(reader, stage.shifts, stage.locations, stage.cities, coarse, provider_id, stage.clock)
        [vehicle] = (await export.vehicles(10, None)).items
        assert (vehicle.event_type, vehicle.trip_id) == ("trip_end", trip_id(provider_id, ahead.id))
