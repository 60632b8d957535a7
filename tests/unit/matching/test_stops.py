"""Stops on the way: their order, and what becomes of them."""

from matching_service.domain.pooling import StopAction
from matching_service.domain.quote import Place
from matching_service.domain.ride_states import RideState
from matching_service.domain.stops import StopState
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_stage import DROPOFF, PICKUP, Stage
from tests.unit.matching.test_requests import refusal

BAKERY = Place(GeoPoint(37.7810, -122.4110), "Bakery")
SCHOOL = Place(GeoPoint(37.7880, -122.4050), "School")


class TestStops:
    """ReachStop, LeaveStop, and the stops of offers and rides."""

    async def test_the_stops_of_the_quote_are_the_rides_and_the_offers(self, stage: Stage):
        ride, driver_id = await stage.ride(stops=(BAKERY, SCHOOL)), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        assert offer.stops == (BAKERY, SCHOOL)
        read = await stage.now(ride)
        assert [(stop.place, stop.state) for stop in read.stops] == [
            (BAKERY, StopState.PENDING),
            (SCHOOL, StopState.PENDING),
        ]
        assert [stop.id for stop in read.stops] == [stop.id for stop in ride.stops]

    async def test_the_drivers_plan_has_the_stops_that_are_left(self, stage: Stage):
        ride, driver_id = await stage.assigned((BAKERY, SCHOOL))

        async def places() -> list[tuple[StopAction, Place, int]]:
            plan = await stage.read.plan(driver_id)
            assert {planned.stop.ride_id for planned in plan} == {ride.id}
            return [(planned.stop.action, planned.place, planned.passengers) for planned in plan]

        pick_up, drop_off = (StopAction.PICK_UP, PICKUP, 1), (StopAction.DROP_OFF, DROPOFF, 1)
        bakery, school = (StopAction.STOP, BAKERY, 0), (StopAction.STOP, SCHOOL, 0)
        assert await places() == [pick_up, bakery, school, drop_off]
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
        assert await places() == [bakery, school, drop_off], "the driver is at the first one still"
        await stage.leave(stage.key(), driver_id, ride.id, ride.stops[0].id)
        assert await places() == [school, drop_off]

    async def test_a_stop_is_reached_and_left_and_each_step_is_told_once(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
        first = ride.stops[0]
        stage.clock.advance(60)
        reached = await stage.reach(stage.key(), driver_id, ride.id, first.id)
        assert (reached.stops[0].state, reached.stops[0].reached_at) == (StopState.REACHED, stage.clock.now())
        assert await stage.reach(stage.key(), driver_id, ride.id, first.id) == reached
        stage.clock.advance(90)
        left = await stage.leave(stage.key(), driver_id, ride.id, first.id)
        assert (left.stops[0].state, left.stops[0].left_at) == (StopState.LEFT, stage.clock.now())
        assert await stage.now(ride) == left
        assert (await stage.told_of(ride.id))[-2:] == [reached.version, left.version]

    async def test_the_second_stop_is_not_reached_before_the_first(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
        second = ride.stops[1].id
        assert (await refusal(stage.reach(stage.key(), driver_id, ride.id, second))).reason == "stop_out_of_order"
        await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
        assert (await refusal(stage.reach(stage.key(), driver_id, ride.id, second))).reason == "stop_out_of_order"

    async def test_a_stop_is_not_left_before_it_is_reached(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY,))
        error = await refusal(stage.leave(stage.key(), driver_id, ride.id, ride.stops[0].id))
        assert error.reason == "invalid_stop_move"

    async def test_a_stop_of_another_ride_is_not_found(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY,))
        assert (await refusal(stage.reach(stage.key(), driver_id, ride.id, ride.id))).reason == "stop_not_found"

    async def test_there_are_no_stops_before_the_trip_or_after_it(self, stage: Stage):
        ride, driver_id = await stage.arrived((BAKERY,))
        stop_id = ride.stops[0].id
        assert (await refusal(stage.reach(stage.key(), driver_id, ride.id, stop_id))).reason == "not_under_way"
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await refusal(stage.reach(stage.key(), driver_id, ride.id, stop_id))).reason == "not_under_way"

    async def test_a_trip_that_ends_at_a_stop_leaves_it_and_skips_the_others(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
        await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
        stage.clock.advance(30)
        ended = await stage.complete(stage.key(), driver_id, ride.id)
        assert ended.state is RideState.COMPLETED
        assert [stop.state for stop in ended.stops] == [StopState.LEFT, StopState.SKIPPED]
        assert ended.stops[0].left_at == ended.ended_at
        assert (await stage.now(ride)).stops == ended.stops

    async def test_somebody_elses_ride_has_no_stops(self, stage: Stage):
        ride, _ = await stage.under_way((BAKERY,))
        error = await refusal(stage.reach(stage.key(), await stage.driver(), ride.id, ride.stops[0].id))
        assert error.reason == "ride_not_found"
