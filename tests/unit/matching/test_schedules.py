"""Rides that are asked for ahead: their times, their money, their place beside other rides."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.edit import EditState
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.fare_book import Scope, Window
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import cancel_fee, free_cancel_until
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.zones import ServiceArea
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.quote_ride_edit import EditCommand
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.errors import Unknown
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, FARE, PICKUP, Stage
from tests.unit.matching.test_edits import FAR, NEXT_DOOR, accepted, edited, quoted
from tests.unit.matching.test_requests import refusal
from tests.unit.matching.test_stops import SCHOOL

SCHEDULE = CITY.schedule
TOMORROW = timedelta(days=1)


async def wait_until(stage: Stage, ride: Ride, seconds_before_pickup: float) -> Ride:
    """Let time pass until so long before the pickup, and let the sweeps do what is due then."""
    assert ride.schedule is not None
    moment = ride.schedule.pickup_at - timedelta(seconds=seconds_before_pickup)
    stage.clock.advance((moment - stage.clock.now()).total_seconds())
    await stage.schedules()
    await stage.settle()
    return await stage.now(ride)


class TestSchedules:
    """RequestRide for a time ahead, and KeepSchedules."""

    async def test_a_ride_for_tomorrow_waits_at_its_quoted_fare_and_nothing_is_held(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.scheduled(TOMORROW)
        assert (ride.state, ride.payment_state, ride.fare) == (
            RideState.SCHEDULED,
            PaymentState.HOLD_NOT_DUE,
            FARE,
        )
        await stage.settle()
        assert await stage.schedules() == 0
        assert payments.calls == []
        assert await stage.read.scheduled(ride.rider_id) == [ride]

    async def test_it_does_not_keep_its_rider_from_riding_now(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        assert (await refusal(stage.read.current(rider_id=ride.rider_id))).reason == "no_current_ride"
        assert (await stage.ride(ride.rider_id)).state is RideState.MATCHING

    async def test_the_fare_is_held_and_the_rider_reminded_before_the_search(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.scheduled(TOMORROW)
        held = await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        assert (held.state, held.payment_state) == (RideState.SCHEDULED, PaymentState.HELD)
        assert payments.calls == [(f"{ride.id}:hold", ride.id)]
        told = len(await stage.told_of(ride.id))
        reminded = await wait_until(stage, ride, SCHEDULE.remind_lead_seconds)
        assert len(await stage.told_of(ride.id)) == told + 1
        assert reminded.schedule is not None
        assert reminded.schedule.remind_at is None
        assert await stage.schedules() == 0

    async def test_a_declined_hold_ends_it_in_time_to_ask_again(self, stage: Stage, payments: FakePayments):
        ride = await stage.scheduled(TOMORROW)
        payments.declines = "insufficient_funds"
        failed = await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        assert (failed.state, failed.reason) == (RideState.PAYMENT_FAILED, "insufficient_funds")

    async def test_the_search_begins_as_early_as_the_nearest_driver_needs(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        stage.free_drivers.driver = SCHOOL.point
        way = (await CrowFliesEta(CITY.travel).trip(SCHOOL.point, PICKUP.point)).seconds
        lead = way + SCHEDULE.search_margin_seconds
        # First looked at half an hour before, then each minute; somebody so near is not sent yet.
        for minutes in range(30, lead // 60, -1):
            early = await wait_until(stage, ride, minutes * 60)
            assert early.state is RideState.SCHEDULED
        begun = await wait_until(stage, ride, lead)
        assert begun.state is RideState.MATCHING
        assert begun.schedule is not None
        assert begun.search_until == begun.schedule.pickup_at + timedelta(seconds=CITY.dispatch.search_window_seconds)

    async def test_a_reminder_just_before_the_first_look_at_drivers_does_not_begin_the_search(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        stage.free_drivers.driver = SCHOOL.point
        assert ride.schedule is not None
        stage.clock.advance((ride.schedule.dispatch_at - stage.clock.now()).total_seconds() - 0.5)

        class SlowStore:
            """The store, where a second goes by before the ride is locked."""

            def transaction(self) -> AbstractAsyncContextManager[Transaction]:
                stage.clock.advance(1)
                return stage.store.transaction()

        assert await replace(stage.schedules, store=SlowStore())() == 1
        after = await stage.now(ride)
        assert (after.state, after.payment_state) == (RideState.SCHEDULED, PaymentState.HOLD_PENDING)
        assert await stage.schedules() == 1
        assert (await stage.now(ride)).state is RideState.SCHEDULED

    async def test_where_no_driver_is_near_the_search_begins_at_the_first_look(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        assert (await wait_until(stage, ride, SCHEDULE.search_lead_seconds + 1)).state is RideState.SCHEDULED
        assert (await wait_until(stage, ride, SCHEDULE.search_lead_seconds)).state is RideState.MATCHING

    async def test_it_is_then_driven_and_paid_as_any_ride(self, stage: Stage, payments: FakePayments):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        driver_id = await stage.driver()
        offer = await stage.offer(begun, driver_id)
        assert begun.schedule is not None
        assert offer.pickup_at == begun.schedule.pickup_at
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        # Early: the rider has until the time agreed on, and the wait after it.
        assert (await refusal(stage.no_show(stage.key(), driver_id, ride.id))).reason == "too_early"
        stage.clock.advance(CITY.fees.no_show_wait_seconds + 1)
        assert (await refusal(stage.no_show(stage.key(), driver_id, ride.id))).reason == "too_early"
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.complete(stage.key(), driver_id, ride.id)
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == FARE.total.amount_minor

    async def test_a_hold_without_an_outcome_is_waited_for_as_of_any_ride(self, stage: Stage, payments: FakePayments):
        ride = await stage.scheduled(TOMORROW)
        payments.failures = [Unknown("rpc_deadline_exceeded", "")] * 4
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        assert (begun.state, begun.payment_state) == (RideState.REQUESTED, PaymentState.HOLD_PENDING)
        for _ in range(4):
            stage.clock.advance(60)
            await stage.settle()
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_one_asked_for_shortly_ahead_is_searched_for_until_after_its_pickup(self, stage: Stage):
        ride = await stage.scheduled(timedelta(seconds=SCHEDULE.search_lead_seconds))
        # Hold and search are due at once: the hold's outcome comes after the search has begun.
        await stage.schedules()
        assert (await stage.now(ride)).state is RideState.REQUESTED
        await stage.settle()
        stage.clock.advance(CITY.dispatch.search_window_seconds + 1)
        await stage.close_searches()
        assert (await stage.now(ride)).state is RideState.MATCHING
        await wait_until(stage, ride, -CITY.dispatch.search_window_seconds)
        await stage.close_searches()
        assert (await stage.now(ride)).state is RideState.NO_DRIVER_AVAILABLE

    async def test_one_given_back_before_its_time_is_searched_for_until_after_its_pickup(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        driver_id = await stage.driver()
        offer = await stage.offer(begun, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        stage.clock.advance(240)
        given = await stage.give_back(stage.key(), driver_id, ride.id, "flat tire")
        assert given.search_until == begun.search_until
        stage.clock.advance(CITY.dispatch.search_window_seconds + 1)
        await stage.close_searches()
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_the_search_begins_beside_an_order_under_way_and_not_beside_another_ride(self, stage: Stage):
        beside_an_order, beside_a_ride = await stage.scheduled(TOMORROW), await stage.scheduled(TOMORROW)
        for ride in (beside_an_order, beside_a_ride):
            await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        order = await stage.order(rider_id=beside_an_order.rider_id)
        other = await stage.ride(beside_a_ride.rider_id)
        await wait_until(stage, beside_an_order, SCHEDULE.search_lead_seconds)
        assert (await stage.now(order)).is_active
        assert (await stage.now(beside_an_order)).state is RideState.MATCHING
        assert (await stage.now(other)).is_active
        assert (await stage.now(beside_a_ride)).state is RideState.SCHEDULED

    async def test_a_cancel_before_the_hold_costs_nothing_and_asks_nobody(self, stage: Stage, payments: FakePayments):
        ride = await stage.scheduled(TOMORROW)
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (ended.state, ended.payment_state) == (RideState.CANCELED_BY_RIDER, PaymentState.VOIDED)
        stage.clock.advance(86_400)
        assert await stage.schedules() == 0
        await stage.settle()
        assert payments.calls == []

    async def test_a_cancel_after_the_hold_releases_it(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.VOIDED

    async def test_a_cancel_is_free_until_a_while_before_the_pickup_driver_or_not(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        driver_id = await stage.driver()
        offer = await stage.offer(begun, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        stage.clock.advance(CITY.fees.free_cancel_seconds + 60)
        assert (await stage.preview(ride.rider_id, ride.id)).fee.amount_minor == 0
        await wait_until(stage, ride, SCHEDULE.free_cancel_lead_seconds)
        assert (await stage.preview(ride.rider_id, ride.id)).fee == CITY.fees.cancel_fee

    async def test_the_fee_of_a_cancel_grows_from_the_end_of_its_free_time(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        driver_id = await stage.driver()
        offer = await stage.offer(begun, driver_id)
        bound = await stage.accept(stage.key(), driver_id, offer.id)
        terms = replace(bound.terms, cancel_fee_per_minute_minor=40, cancel_fee_most_minor=900)
        bound, free_until = replace(bound, terms=terms), free_cancel_until(bound)
        assert free_until is not None
        assert bound.assigned_at is not None
        # For longer than after an assignment now: ten minutes of it have gone by on the way.
        assert (free_until - bound.assigned_at).total_seconds() > CITY.fees.free_cancel_seconds + 600
        fees = [cancel_fee(bound, free_until + timedelta(seconds=over)).amount_minor for over in (-1, 0, 1, 61)]
        assert fees == [0, 500, 540, 580]

    async def test_two_of_a_rider_do_not_overlap(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        during = TOMORROW + timedelta(seconds=ride.trip_seconds - 1)
        assert (await refusal(stage.scheduled(during, ride.rider_id))).reason == "schedule_overlap"
        after = TOMORROW + timedelta(seconds=ride.trip_seconds)
        assert (await stage.scheduled(after, ride.rider_id)).state is RideState.SCHEDULED
        assert (await stage.scheduled(TOMORROW)).state is RideState.SCHEDULED

    async def test_a_rider_has_a_bounded_number_of_them(self, stage: Stage):
        rider_id = stage.new_id()
        for day in range(SCHEDULE.max_rides):
            await stage.scheduled(timedelta(days=1 + day), rider_id)
        assert (await refusal(stage.scheduled(timedelta(days=20), rider_id))).reason == "too_many_scheduled"
        rides = await stage.read.scheduled(rider_id)
        assert [ride.schedule.pickup_at for ride in rides if ride.schedule] == sorted(
            ride.schedule.pickup_at for ride in rides if ride.schedule
        )

    async def test_a_rider_on_another_ride_is_waited_for_until_the_window_closes(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        other = await stage.ride(ride.rider_id)
        waits = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        assert waits.state is RideState.SCHEDULED
        await stage.cancel(stage.key(), other.rider_id, other.id, "", "")
        stage.clock.advance(30)
        await stage.schedules()
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_a_rider_who_stays_on_another_ride_loses_it_without_a_charge(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        await stage.ride(ride.rider_id)
        await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        ended = await wait_until(stage, ride, -CITY.dispatch.search_window_seconds)
        assert (ended.state, ended.reason) == (RideState.CANCELED_BY_PLATFORM, "rider_busy")
        assert ended.payment_state is PaymentState.VOIDED

    async def test_time_and_way_are_edited_while_it_waits(self, stage: Stage, payments: FakePayments):
        ride = await stage.scheduled(TOMORROW)
        assert ride.schedule is not None
        later = ride.schedule.pickup_at + timedelta(hours=3)
        edit = await edited(stage, ride, EditCommand(dropoff=FAR, pickup_at=later))
        after = await stage.now(ride)
        assert (after.dropoff, after.fare) == (FAR, edit.plan.fare)
        assert after.schedule is not None
        assert after.schedule.pickup_at == later
        assert payments.calls == []
        held = await wait_until(stage, after, SCHEDULE.hold_lead_seconds)
        assert (held.payment_state, held.held_minor) == (PaymentState.HELD, edit.plan.fare.total.amount_minor)

    @pytest.mark.parametrize(
        ("ahead", "reason"),
        [
            (timedelta(seconds=SCHEDULE.min_ahead_seconds - 1), "pickup_time_too_soon"),
            (timedelta(seconds=SCHEDULE.max_ahead_seconds + 1), "pickup_time_too_far"),
        ],
    )
    async def test_a_time_that_the_city_takes_no_rides_for_is_refused(
        self, stage: Stage, ahead: timedelta, reason: str
    ):
        ride = await stage.scheduled(TOMORROW)
        command = EditCommand(pickup_at=stage.clock.now() + ahead)
        assert (await refusal(quoted(stage, ride, command))).reason == reason

    async def test_a_ride_is_not_moved_to_when_or_where_its_product_is_not_sold(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        assert ride.schedule is not None
        at = ride.schedule.pickup_at
        early = Window(frozenset(range(7)), time(5), time(6))  # 12:00 UTC is 05:00 by the city's clock
        around = ServiceArea(
            tuple(
                GeoPoint(PICKUP.point.latitude + north, PICKUP.point.longitude + east)
                for north, east in ((-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01))
            )
        )
        for scope, command, sold in (
            (Scope(windows=(early,)), EditCommand(pickup_at=at + timedelta(minutes=30)), True),
            (Scope(windows=(early,)), EditCommand(pickup_at=at + timedelta(hours=3)), False),
            (Scope(pickup_zones=frozenset({"hall"})), EditCommand(pickup=NEXT_DOOR), True),
            (Scope(pickup_zones=frozenset({"hall"})), EditCommand(pickup=SCHOOL), False),
        ):
            products = dict(CITY.products) | {"economy": replace(CITY.products["economy"], available=scope)}
            city = replace(CITY, products=products, fares=replace(CITY.fares, zones={"hall": around}))
            stage.quote_edit = replace(stage.quote_edit, policies=EditPolicies(stage.reader, FixedCities(city)))
            if sold:
                assert (await quoted(stage, ride, command)).state is EditState.QUOTED
            else:
                assert (await refusal(quoted(stage, ride, command))).reason == "product_unavailable"

    async def test_a_time_that_the_citys_calendar_does_not_hold_is_refused_as_any_other(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        command = EditCommand(pickup_at=datetime.min.replace(tzinfo=UTC))
        assert (await refusal(quoted(stage, ride, command))).reason == "pickup_time_too_soon"

    async def test_a_ride_that_has_begun_has_no_other_time(self, stage: Stage):
        ride = await stage.ride()
        command = EditCommand(pickup_at=stage.clock.now() + TOMORROW)
        assert (await refusal(quoted(stage, ride, command))).reason == "not_scheduled"

    async def test_another_time_is_not_accepted_once_the_search_has_begun(self, stage: Stage):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        await wait_until(stage, ride, SCHEDULE.search_lead_seconds + 1)
        edit = await quoted(stage, ride, EditCommand(pickup_at=stage.clock.now() + TOMORROW))
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        assert begun.state is RideState.MATCHING
        assert (await refusal(accepted(stage, edit))).reason == "not_scheduled"
        assert await stage.now(ride) == begun

    async def test_another_time_whose_hold_is_raised_after_the_search_began_lapses(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        await wait_until(stage, ride, SCHEDULE.search_lead_seconds + 1)
        payments.failures = [Unknown("rpc_deadline_exceeded", "")]
        command = EditCommand(dropoff=FAR, pickup_at=stage.clock.now() + TOMORROW)
        edit = await edited(stage, ride, command)
        assert edit.state is EditState.HOLD_PENDING
        begun = await wait_until(stage, ride, SCHEDULE.search_lead_seconds)
        stage.clock.advance(60)
        await stage.edits()
        ended = await stage.reader.edit(ride.id, edit.id)
        assert ended is not None
        assert (ended.state, ended.reason) == (EditState.LAPSED, "not_scheduled")
        assert (await stage.now(ride)).schedule == begun.schedule

    async def test_another_time_that_was_priced_before_the_hold_does_not_ask_for_the_hold_again(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds + 1)
        later = stage.clock.now() + TOMORROW
        edit = await quoted(stage, ride, EditCommand(pickup_at=later))
        held = await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        assert held.payment_state is PaymentState.HELD
        assert (await accepted(stage, edit)).state is EditState.APPLIED
        moved = await stage.now(ride)
        for lead in (SCHEDULE.hold_lead_seconds, SCHEDULE.remind_lead_seconds, SCHEDULE.search_lead_seconds):
            moved = await wait_until(stage, moved, lead)
        assert (moved.state, moved.payment_state) == (RideState.MATCHING, PaymentState.HELD)
        assert payments.calls == [(f"{ride.id}:hold", ride.id)]

    async def test_a_longer_way_that_reaches_into_the_riders_next_ride_is_refused_after_the_hold_was_raised(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.scheduled(TOMORROW)
        await stage.scheduled(TOMORROW + timedelta(seconds=ride.trip_seconds), ride.rider_id)
        held = await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        edit = await edited(stage, ride, EditCommand(dropoff=FAR))
        assert edit.plan.trip_seconds > ride.trip_seconds
        assert payments.raised == {ride.id: edit.plan.fare.total}
        assert (edit.state, edit.reason) == (EditState.REFUSED, "schedule_overlap")
        assert (await stage.now(ride)).dropoff == held.dropoff
        stage.clock.advance(60)
        assert await stage.edits() == 0
