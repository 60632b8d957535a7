"""What drivers want of their shifts: breaks, the last ride, going home; and devices that fall silent."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.city import VehicleClass
from matching_service.domain.heading import HEADINGS_A_DAY, LEAST_GAIN_SHARE, brings_closer
from matching_service.domain.locations import DriverPosition
from matching_service.domain.positions import Positions
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import LOST_SECONDS, MAX_BREAK_SECONDS, SILENT_OFF_SECONDS, EndReason
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.reader_ports import ShiftFilter
from matching_service.use_cases.watch_drivers import WatchDrivers
from shared_kernel.errors import Conflict, Unavailable
from shared_kernel.geo import GeoPoint, haversine_meters
from tests.fakes.matching_dispatch import FakeLiveLocations
from tests.fakes.matching_stage import Stage
from tests.unit.matching.test_requests import refusal

HOME = GeoPoint(37.80, -122.27)


def hear(stage: Stage, driver_id: UUID, seconds_ago: float = 0.0) -> None:
    """The driver's device told where it is."""
    measured_at = stage.clock.now().timestamp() - seconds_ago
    stage.locations.positions[driver_id] = DriverPosition(
        driver_id, 37.77, -122.42, measured_at, 1, VehicleClass.ECONOMY, 1
    )


class LocationsBehindAWire(FakeLiveLocations):
    """Live locations that cannot be looked at while the wire is cut."""

    is_cut = False

    async def snapshot(self) -> Positions:
        if self.is_cut:
            raise Unavailable("locations_unavailable", "not now")
        return await super().snapshot()


class TestBreaks:
    """TakeBreak and EndBreak."""

    async def test_a_driver_on_a_break_gets_no_offer_and_one_who_is_back_does(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        await stage.take_break(stage.key(), driver_id, 600)
        assert await stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]) == [OfferOutcome.DRIVER_TAKEN]
        shift = await stage.change_shift.end_break(stage.key(), driver_id)
        assert (shift.break_until, shift.ended_at) == (None, None)
        await stage.offer(ride, driver_id)

    async def test_a_break_declines_the_open_offer(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.take_break(stage.key(), driver_id, 600)
        assert (await stage.now(ride)).state is RideState.MATCHING
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_declined"

    async def test_no_break_during_a_ride(self, stage: Stage):
        _, driver_id = await stage.under_way()
        assert (await refusal(stage.take_break(stage.key(), driver_id, 600))).reason == "active_ride"

    async def test_a_second_break_is_refused_and_the_same_request_is_answered_again(self, stage: Stage):
        driver_id, key = await stage.driver(), stage.key()
        first = await stage.take_break(key, driver_id, 600)
        assert await stage.take_break(key, driver_id, 600) == first
        assert (await refusal(stage.take_break(stage.key(), driver_id, 600))).reason == "break_open"

    async def test_who_does_not_come_back_is_taken_offline(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.take_break(stage.key(), driver_id, MAX_BREAK_SECONDS)
        stage.clock.advance(MAX_BREAK_SECONDS - 1)
        assert await stage.end_due() == 0
        stage.clock.advance(1)
        assert await stage.end_due() == 1
        shift = await stage.end_shift(stage.key(), driver_id)
        assert (shift.end_reason, shift.break_until) == (EndReason.BREAK_OVER, None)

    async def test_who_comes_back_too_late_is_offline(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.take_break(stage.key(), driver_id, 60)
        stage.clock.advance(61)
        assert (await stage.change_shift.end_break(stage.key(), driver_id)).end_reason is EndReason.BREAK_OVER

    async def test_going_online_ends_the_break(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.take_break(stage.key(), driver_id, 60)
        assert (await stage.start_shift(stage.key(), driver_id)).takes_offers

    async def test_who_is_offline_has_no_break(self, stage: Stage):
        assert (await refusal(stage.take_break(stage.key(), stage.new_id(), 60))).reason == "no_open_shift"
        assert (await refusal(stage.change_shift.end_break(stage.key(), stage.new_id()))).reason == "no_open_shift"


class TestLastRide:
    """SetLastRide."""

    async def test_asked_for_while_free_one_more_ride_is_offered_and_then_the_shift_ends(self, stage: Stage):
        driver_id, ride = await stage.driver(), await stage.ride()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        offer = await stage.offer(ride, driver_id)
        ride = await stage.accept(stage.key(), driver_id, offer.id)
        assert (await stage.read.current_shift(driver_id)).ends_after_ride
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.LAST_RIDE

    async def test_a_ride_that_is_called_off_is_no_last_ride(self, stage: Stage):
        driver_id, ride = await stage.driver(), await stage.ride()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        shift = await stage.read.current_shift(driver_id)
        assert (shift.last_ride, shift.takes_offers) == (True, True)

    async def test_asked_for_during_a_ride_that_ride_is_the_last(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        assert (await stage.change_shift.set_last_ride(stage.key(), driver_id, True)).ends_after_ride
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_taken_back_the_shift_goes_on(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        await stage.change_shift.set_last_ride(stage.key(), driver_id, False)
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.read.current_shift(driver_id)).takes_offers


class TestHeading:
    """SetHeading and its rule."""

    async def test_a_destination_may_be_set_twice_in_a_day_and_again_a_day_later(self, stage: Stage):
        driver_id = await stage.driver()
        for number in range(HEADINGS_A_DAY):
            place = GeoPoint(37.7 + number / 100, -122.2)
            assert (await stage.change_shift.set_heading(stage.key(), driver_id, place)).heading == place
            stage.clock.advance(60)
        over = await refusal(stage.change_shift.set_heading(stage.key(), driver_id, HOME))
        assert over.reason == "heading_limit"
        assert over.retry_after_seconds == pytest.approx(86_400 - 60 * HEADINGS_A_DAY)
        assert (await stage.change_shift.set_heading(stage.key(), driver_id, None)).heading is None
        stage.clock.advance(86_400 - 60 * HEADINGS_A_DAY)
        assert (await stage.change_shift.set_heading(stage.key(), driver_id, HOME)).heading == HOME

    async def test_the_same_destination_again_is_not_counted(self, stage: Stage):
        driver_id = await stage.driver()
        for _ in range(HEADINGS_A_DAY + 2):
            assert (await stage.change_shift.set_heading(stage.key(), driver_id, HOME)).heading == HOME

    def test_a_ride_on_the_way_home_is_taken_one_away_from_it_is_not(self):
        here = GeoPoint(37.70, -122.45)
        pickup, towards, away = GeoPoint(37.71, -122.44), GeoPoint(37.78, -122.30), GeoPoint(37.60, -122.50)
        assert brings_closer(here, pickup, towards, HOME)
        assert not brings_closer(here, pickup, away, HOME)

    @given(st.tuples(*[st.floats(37.3, 38.0), st.floats(-122.6, -121.9)] * 3))
    def test_no_ride_that_is_taken_ends_further_from_home(self, numbers: tuple[float, ...]):
        here, pickup, dropoff = (GeoPoint(*numbers[i : i + 2]) for i in (0, 2, 4))
        if brings_closer(here, pickup, dropoff, HOME):
            left = haversine_meters(here, HOME)
            assert haversine_meters(dropoff, HOME) <= left * (1 - LEAST_GAIN_SHARE) + 1e-6


class TestSilence:
    """WatchDrivers and EndDueShifts."""

    async def test_a_silent_driver_of_a_ride_is_marked_and_not_taken_offline(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        hear(stage, driver_id)
        stage.clock.advance(LOST_SECONDS - 1)
        assert await stage.watch(10) == 0
        stage.clock.advance(1)
        assert await stage.watch(10) == 1
        [record] = (await stage.list_shifts(10, None, ShiftFilter.SILENT)).shifts
        assert (record.shift.driver_id, record.ride_id) == (driver_id, ride.id)
        for _ in range(3):
            stage.clock.advance(SILENT_OFF_SECONDS)
            assert await stage.end_due() == 1
        assert (await stage.now(ride)).state is RideState.DRIVER_EN_ROUTE
        assert (await stage.read.current_shift(driver_id)).silent_since is not None

    async def test_who_has_not_the_turn_judges_nobody_and_begins_anew_when_it_comes(self, stage: Stage):
        driver_id = await stage.driver()
        turn = [True]
        watch = WatchDrivers(stage.store, stage.shifts, stage.locations, stage.clock, lambda: turn[0])
        assert await watch(10) == 0  # missed from now on
        turn[0] = False
        stage.clock.advance(LOST_SECONDS)
        assert await watch(10) == 0
        assert (await stage.read.current_shift(driver_id)).silent_since is None
        turn[0] = True
        assert await watch(10) == 0  # what it missed before counts no more
        stage.clock.advance(LOST_SECONDS)
        assert await watch(10) == 1

    async def test_a_driver_who_is_heard_of_again_is_no_longer_silent(self, stage: Stage):
        driver_id = await stage.driver()
        hear(stage, driver_id)
        stage.clock.advance(LOST_SECONDS)
        await stage.watch(10)
        hear(stage, driver_id)
        assert await stage.watch(10) == 1
        shift = await stage.read.current_shift(driver_id)
        assert (shift.silent_since, shift.silent_until) == (None, None)

    async def test_a_free_driver_who_stays_silent_is_taken_offline(self, stage: Stage):
        driver_id = await stage.driver()
        hear(stage, driver_id)
        stage.clock.advance(LOST_SECONDS)
        await stage.watch(10)
        stage.clock.advance(SILENT_OFF_SECONDS)
        assert await stage.end_due() == 1
        assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.SILENT

    async def test_who_is_heard_of_in_the_last_moment_stays(self, stage: Stage):
        driver_id = await stage.driver()
        hear(stage, driver_id)
        stage.clock.advance(LOST_SECONDS)
        await stage.watch(10)
        stage.clock.advance(SILENT_OFF_SECONDS)
        hear(stage, driver_id)
        await stage.end_due()
        assert (await stage.read.current_shift(driver_id)).silent_since is None

    async def test_where_all_locations_are_lost_nobody_is_silent_before_the_next_pings_can_come(self, stage: Stage):
        drivers = [await stage.driver() for _ in range(3)]
        for driver_id in drivers:
            hear(stage, driver_id)
        stage.clock.advance(20)
        stage.locations.positions.clear()
        assert await stage.watch(10) == 0
        stage.clock.advance(LOST_SECONDS - 1)
        assert await stage.watch(10) == 0
        stage.clock.advance(1)
        assert await stage.watch(2) == 2
        assert await stage.watch(2) == 1

    async def test_where_locations_could_not_be_looked_at_nobody_is_silent_before_the_next_pings_can_come(
        self, stage: Stage
    ):
        driver_id, gone = await stage.driver(), await stage.driver()
        locations = LocationsBehindAWire()
        stage.locations = locations
        watch = WatchDrivers(stage.store, stage.shifts, locations, stage.clock)
        for each in (driver_id, gone):
            hear(stage, each)
        gone_at = stage.clock.now()
        assert await watch(10) == 0
        locations.is_cut = True
        stage.clock.advance(LOST_SECONDS)
        with pytest.raises(Unavailable):
            await watch(10)
        locations.is_cut = False
        assert await watch(10) == 0
        stage.clock.advance(LOST_SECONDS)
        hear(stage, driver_id)
        assert await watch(10) == 1
        assert (await stage.read.current_shift(gone)).silent_since == gone_at

    async def test_a_break_is_no_silence(self, stage: Stage):
        driver_id = await stage.driver()
        hear(stage, driver_id)
        await stage.take_break(stage.key(), driver_id, 600)
        stage.clock.advance(LOST_SECONDS * 2)
        assert await stage.watch(10) == 0

    async def test_a_silent_driver_who_takes_a_break_is_heard_of_and_keeps_it(self, stage: Stage):
        driver_id = await stage.driver()
        hear(stage, driver_id)
        stage.clock.advance(LOST_SECONDS)
        await stage.watch(10)
        paused = await stage.take_break(stage.key(), driver_id, MAX_BREAK_SECONDS)
        assert (paused.silent_since, paused.silent_until) == (None, None)
        stage.clock.advance(SILENT_OFF_SECONDS)
        assert await stage.end_due() == 0
        assert (await stage.read.current_shift(driver_id)).break_until == paused.break_until

    async def test_every_change_is_told_in_its_order(self, stage: Stage):
        driver_id = await stage.driver()
        shift = await stage.read.current_shift(driver_id)
        await stage.take_break(stage.key(), driver_id, 600)
        await stage.change_shift.end_break(stage.key(), driver_id)
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        await stage.end_shift(stage.key(), driver_id)
        assert await stage.told_of(shift.id) == [1, 2, 3, 4, 5]


async def test_a_shift_that_is_paused_twice_at_once_is_refused(stage: Stage):
    driver_id = await stage.driver()
    shift = await stage.read.current_shift(driver_id)
    paused = shift.on_break(stage.clock.now(), 60)
    with pytest.raises(Conflict, match="break"):
        paused.on_break(stage.clock.now(), 60)
