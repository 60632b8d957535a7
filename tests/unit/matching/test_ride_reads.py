"""Lists, the history and the summary."""

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.reader_ports import Waits
from tests.fakes.matching_stage import CITY, Stage
from tests.unit.matching.test_requests import refusal


class TestReads:
    """ReadRides."""

    async def test_pages_hold_the_callers_rides_newest_first_and_end(self, stage: Stage):
        rider_id = stage.new_id()
        rides: list[Ride] = []
        for _ in range(5):
            ride = await stage.ride(rider_id)
            rides.append(await stage.cancel(stage.key(), rider_id, ride.id, "", ""))
        await stage.ride()
        first = await stage.read.page(2, None, rider_id=rider_id)
        second = await stage.read.page(2, first.next_before, rider_id=rider_id)
        third = await stage.read.page(2, second.next_before, rider_id=rider_id)
        assert first.rides + second.rides + third.rides == rides[::-1]
        assert third.next_before is None

    async def test_an_operator_searches_by_state(self, stage: Stage):
        ride, _ = await stage.assigned()
        await stage.ride()
        page = await stage.read.page(10, None, states=frozenset({RideState.DRIVER_EN_ROUTE}))
        assert page.rides == [ride]

    async def test_there_may_be_no_current_ride_or_offer(self, stage: Stage):
        nobody = stage.new_id()
        assert (await refusal(stage.read.current(rider_id=nobody))).reason == "no_current_ride"
        assert (await refusal(stage.read.current_offer(nobody))).reason == "no_open_offer"

    async def test_a_driver_reads_only_the_rides_assigned_to_them(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        assert await stage.read.get(ride.id, driver_id=driver_id) == ride
        await stage.give_back(stage.key(), driver_id, ride.id, "")
        assert (await refusal(stage.read.get(ride.id, driver_id=driver_id))).reason == "ride_not_found"
        assert (await stage.read.page(10, None, driver_id=driver_id)).rides == []

    async def test_the_summary_counts_states_and_measures_waits(self, stage: Stage):
        since = stage.clock.now()
        for wait in (10, 20, 30):
            ride, driver_id = await stage.ride(), await stage.driver()
            stage.clock.advance(wait)
            offer = await stage.offer(ride, driver_id)
            await stage.accept(stage.key(), driver_id, offer.id)
            stage.clock.advance(60)
            await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.ride()
        summary = await stage.read.summary(since)
        assert summary.count_by_state == {RideState.ARRIVED: 3, RideState.MATCHING: 1}
        assert summary.request_to_offer == Waits(3, 20.0, 20.0, 29.0)
        assert summary.request_to_pickup == Waits(3, 80.0, 80.0, 89.0)
        assert summary.double_assignment_count == 0
        assert summary.open_shift_count == 3

    async def test_a_driver_who_takes_ride_after_ride_is_not_assigned_twice(self, stage: Stage):
        since, driver_id = stage.clock.now(), await stage.driver()
        for _ in range(3):
            ride = await stage.ride()
            offer = await stage.offer(ride, driver_id)
            await stage.accept(stage.key(), driver_id, offer.id)
            await stage.arrive(stage.key(), driver_id, ride.id)
            await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
            await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.read.summary(since)).double_assignment_count == 0

    async def test_rides_of_before_are_not_in_the_summary(self, stage: Stage):
        await stage.ride()
        stage.clock.advance(CITY.quote_seconds)
        summary = await stage.read.summary(stage.clock.now())
        assert summary.count_by_state == {}
        assert summary.request_to_offer == Waits()
