"""Shifts, offers and the ride as its driver sees it."""

from uuid import UUID

import pytest

from matching_service.domain.city import VehicleClass
from matching_service.domain.offer import OfferState
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.ride_trip import MAX_PIN_FAILURES
from matching_service.domain.shift import EndReason
from matching_service.domain.terms import ChargeKind, ChargeLine
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.service_ports import DriverRecord
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.errors import Unavailable
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, Stage, usd
from tests.unit.matching.test_requests import refusal

GRACE = CITY.dispatch.late_accept_seconds


class TestShifts:
    """StartShift and EndShift."""

    async def test_a_driver_who_is_not_approved_cannot_go_online(self, stage: Stage):
        driver_id = stage.new_id()
        assert (await refusal(stage.start_shift(stage.key(), driver_id))).reason == "not_approved"
        stage.accounts.approve(driver_id)
        stage.accounts.suspend(driver_id)
        assert (await refusal(stage.start_shift(stage.key(), driver_id))).reason == "not_approved"

    async def test_who_loses_the_approval_while_going_online_is_offline_again(self, stage: Stage):
        driver_id = stage.new_id()
        stage.accounts.approve(driver_id)
        stage.accounts.suspend_after_next_look(driver_id)
        assert (await refusal(stage.start_shift(stage.key(), driver_id))).reason == "not_approved"
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_who_could_not_be_looked_at_again_after_losing_the_approval_is_offline_by_the_next_try(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ):
        driver_id, key, look = stage.new_id(), stage.key(), stage.accounts.driver
        stage.accounts.approve(driver_id)
        stage.accounts.suspend_after_next_look(driver_id)
        looks = iter([look])

        async def away_after_one_look(driver_id: UUID) -> DriverRecord | None:
            seen = next(looks, None)
            if seen is None:
                raise Unavailable("rpc_unavailable", "")
            return await seen(driver_id)

        with monkeypatch.context() as away:
            away.setattr(stage.accounts, "driver", away_after_one_look)
            assert (await refusal(stage.start_shift(key, driver_id))).reason == "rpc_unavailable"
        # The news came before the shift began, and found none to end.
        assert (await refusal(stage.start_shift(key, driver_id))).reason == "not_approved"
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_going_online_twice_keeps_the_shift(self, stage: Stage):
        driver_id = stage.new_id()
        stage.accounts.approve(driver_id)
        first = await stage.start_shift(stage.key(), driver_id)
        assert await stage.start_shift(stage.key(), driver_id) == first
        assert await stage.read.current_shift(driver_id) == first

    async def test_a_shift_with_another_vehicle_class_must_end_first(self, stage: Stage):
        driver_id = await stage.driver()
        stage.accounts.approve(driver_id, VehicleClass.XL)
        assert (await refusal(stage.start_shift(stage.key(), driver_id))).reason == "shift_open"

    async def test_going_offline_ends_the_shift_and_doing_it_again_changes_nothing(self, stage: Stage):
        driver_id = await stage.driver()
        ended = await stage.end_shift(stage.key(), driver_id)
        assert ended.ended_at is not None
        assert await stage.end_shift(stage.key(), driver_id) == ended
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_going_offline_declines_the_open_offer(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.end_shift(stage.key(), driver_id)
        assert (await stage.now(ride)).state is RideState.MATCHING
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_declined"

    async def test_going_offline_during_a_ride_takes_effect_after_it(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        shift = await stage.end_shift(stage.key(), driver_id)
        assert shift.ends_after_ride
        assert shift.ended_at is None
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_going_online_again_takes_the_wish_to_stop_back(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        await stage.end_shift(stage.key(), driver_id)
        assert not (await stage.start_shift(stage.key(), driver_id)).ends_after_ride
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.read.current_shift(driver_id)).ended_at is None

    async def test_a_driver_who_never_was_online_cannot_go_offline(self, stage: Stage):
        assert (await refusal(stage.end_shift(stage.key(), stage.new_id()))).reason == "no_open_shift"

    async def test_a_driver_whose_approval_is_taken_away_goes_offline(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        await stage.offer(ride, driver_id)
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(stage.new_id(), driver_id)
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_a_driver_who_loses_the_approval_during_a_ride_drives_it_to_its_end(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(stage.new_id(), driver_id)
        assert (await stage.read.current_shift(driver_id)).ends_after_ride
        assert (await stage.complete(stage.key(), driver_id, ride.id)).state is RideState.COMPLETED
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    @pytest.mark.parametrize("wanted", [(True, False), (False,), (True,)])
    async def test_who_loses_the_approval_during_a_ride_cannot_go_on_by_a_last_ride(
        self, stage: Stage, wanted: tuple[bool, ...]
    ):
        ride, driver_id = await stage.assigned()
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(stage.new_id(), driver_id)
        for last_ride in wanted:
            shift = await stage.change_shift.set_last_ride(stage.key(), driver_id, last_ride)
            assert (shift.ends_after_ride, shift.takes_offers) == (True, False)
        await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        ended = await stage.end_shift(stage.key(), driver_id)
        assert (ended.ended_at, ended.end_reason) == (stage.clock.now(), EndReason.NOT_APPROVED)

    async def test_who_loses_the_approval_during_a_last_ride_that_is_called_off_gets_no_other(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(stage.new_id(), driver_id)
        await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_who_has_the_approval_again_before_the_ride_ends_goes_on(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(stage.new_id(), driver_id)
        stage.accounts.approve(driver_id)
        assert (await stage.start_shift(stage.key(), driver_id)).takes_offers
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.read.current_shift(driver_id)).end_reason is None

    async def test_who_went_offline_during_a_last_ride_is_offline_also_when_it_is_called_off(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        await stage.end_shift(stage.key(), driver_id)
        await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"
        assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.ASKED

    async def test_a_wish_to_go_offline_is_taken_back_with_the_last_ride(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        assert (await stage.end_shift(stage.key(), driver_id)).ends_after_ride
        assert (await stage.change_shift.set_last_ride(stage.key(), driver_id, False)).takes_offers
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await stage.read.current_shift(driver_id)).takes_offers

    async def test_old_news_of_a_suspension_does_not_stop_an_approved_driver_nor_does_it_count_twice(
        self, stage: Stage
    ):
        driver_id, event_id = await stage.driver(), stage.new_id()
        await stage.stop_unapproved(event_id, driver_id)
        assert (await stage.read.current_shift(driver_id)).ended_at is None
        stage.accounts.suspend(driver_id)
        await stage.stop_unapproved(event_id, driver_id)
        told = len(await stage.told())
        await stage.stop_unapproved(event_id, driver_id)
        assert len(await stage.told()) == told


class TestOffers:
    """Making, accepting, declining and expiring offers."""

    async def test_an_offer_tells_the_driver_what_is_earned_and_when_it_ends(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        assert (offer.expires_at - offer.created_at).total_seconds() == CITY.dispatch.offer_seconds
        assert offer.earnings < usd(1801)
        assert offer.earnings.amount_minor == 1801 - (1801 * CITY.commission_basis_points + 5_000) // 10_000
        assert (await stage.now(ride)).state is RideState.OFFERED
        assert await stage.read.current_offer(driver_id) == offer

    async def test_a_driver_gets_one_offer_and_a_ride_is_offered_once(self, stage: Stage):
        first, second = await stage.ride(), await stage.ride()
        driver_id, other = await stage.driver(), await stage.driver()
        outcomes = await stage.offers.make_offers(
            [
                Proposal(first.id, driver_id, 60, 60.0),
                Proposal(second.id, driver_id, 60, 60.0),
                Proposal(first.id, other, 60, 60.0),
            ]
        )
        assert sorted(outcomes) == [OfferOutcome.DRIVER_TAKEN, OfferOutcome.OFFERED, OfferOutcome.RIDE_GONE]

    async def test_who_is_offline_busy_or_excluded_gets_no_offer(self, stage: Stage):
        ride = await stage.ride()
        _, busy = await stage.assigned()
        offline = await stage.driver()
        await stage.end_shift(stage.key(), offline)
        declined = await stage.driver()
        offer = await stage.offer(ride, declined)
        await stage.decline(stage.key(), declined, offer.id)
        proposals = [Proposal(ride.id, driver_id, 60, 60.0) for driver_id in (busy, offline, declined)]
        assert await stage.offers.make_offers(proposals) == [OfferOutcome.DRIVER_TAKEN] * 3

    async def test_accepting_binds_the_ride_and_shows_the_driver(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        assert ride.state is RideState.DRIVER_EN_ROUTE
        assert ride.driver is not None
        assert (ride.driver.driver_id, ride.driver.vehicle_plate) == (driver_id, "8ABC123")
        assert ride.pickup_eta_seconds == 180
        assert await stage.read.current(driver_id=driver_id) == ride

    async def test_accepting_twice_answers_the_ride(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        key = stage.key()
        bound = await stage.accept(key, driver_id, offer.id)
        assert await stage.accept(key, driver_id, offer.id) == bound
        assert await stage.accept(stage.key(), driver_id, offer.id) == bound

    async def test_a_repeated_accept_tells_nothing_of_a_ride_that_went_to_another_driver(self, stage: Stage):
        ride, former, key = await stage.ride(), await stage.driver(), stage.key()
        offer = await stage.offer(ride, former)
        await stage.accept(key, former, offer.id)
        await stage.reassign(stage.key(), stage.new_id(), ride.id, "a complaint")
        assert (await refusal(stage.accept(key, former, offer.id))).reason == "ride_reassigned"
        other = await stage.driver()
        offer_of_other = await stage.offer(ride, other)
        await stage.accept(stage.key(), other, offer_of_other.id)
        assert (await refusal(stage.accept(key, former, offer.id))).reason == "ride_reassigned"

    async def test_a_repeated_arrival_tells_nothing_of_a_ride_that_was_given_back(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        key = stage.key()
        await stage.arrive(key, driver_id, ride.id)
        assert (await stage.arrive(key, driver_id, ride.id)).state is RideState.ARRIVED
        await stage.give_back(stage.key(), driver_id, ride.id, "")
        assert (await refusal(stage.arrive(key, driver_id, ride.id))).reason == "ride_not_found"

    async def test_somebody_elses_offer_is_not_found(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stranger = await stage.driver()
        assert (await refusal(stage.accept(stage.key(), stranger, offer.id))).reason == "offer_not_found"
        assert (await refusal(stage.decline(stage.key(), stranger, offer.id))).reason == "offer_not_found"

    async def test_an_accept_within_the_grace_counts_before_the_sweep(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(CITY.dispatch.offer_seconds + GRACE - 1)
        assert (await stage.accept(stage.key(), driver_id, offer.id)).state is RideState.DRIVER_EN_ROUTE

    async def test_an_accept_within_the_grace_counts_after_the_sweep(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        assert await stage.expire_offers() == 1
        stage.clock.advance(GRACE - 1)
        bound = await stage.accept(stage.key(), driver_id, offer.id)
        assert (bound.state, bound.driver and bound.driver.driver_id) == (RideState.DRIVER_EN_ROUTE, driver_id)
        assert await stage.accept(stage.key(), driver_id, offer.id) == bound
        async with stage.store.transaction() as tx:
            assert await tx.excluded_for(ride.id, driver_id) is None
        assert sorted(await stage.told_of(ride.id)) == list(range(1, bound.version + 1))

    async def test_an_accept_within_the_grace_is_refused_once_the_ride_is_offered_on(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        await stage.expire_offers()
        await stage.offer(ride, await stage.driver())
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_expired"

    async def test_an_accept_within_the_grace_is_refused_once_the_driver_is_asked_elsewhere(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        await stage.expire_offers()
        other = await stage.offer(await stage.ride(), driver_id)
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_expired"
        await stage.accept(stage.key(), driver_id, other.id)
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "active_ride"

    async def test_an_accept_within_the_grace_is_refused_once_the_driver_is_on_a_break(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        await stage.expire_offers()
        await stage.take_break(stage.key(), driver_id, 60)
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_expired"
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_an_accept_after_the_grace_is_refused_before_and_after_the_sweep(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        assert await stage.expire_offers() == 0
        stage.clock.advance(CITY.dispatch.offer_seconds + GRACE)
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_expired"
        assert await stage.expire_offers() == 1
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_expired"
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_an_offer_that_another_driver_took_over_is_taken(self, stage: Stage):
        ride, slow, quick = await stage.ride(), await stage.driver(), await stage.driver()
        late = await stage.offer(ride, slow)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        await stage.expire_offers()
        offer = await stage.offer(ride, quick)
        await stage.accept(stage.key(), quick, offer.id)
        assert (await refusal(stage.accept(stage.key(), slow, late.id))).reason == "offer_taken"

    async def test_a_declined_offer_is_declined_for_good(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        declined = await stage.decline(stage.key(), driver_id, offer.id)
        assert declined.state is OfferState.DECLINED
        assert await stage.decline(stage.key(), driver_id, offer.id) == declined
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_declined"

    async def test_a_search_without_a_driver_ends_with_its_window_and_releases_the_hold(self, stage: Stage):
        ride = await stage.ride()
        stage.clock.advance(CITY.dispatch.search_window_seconds - 1)
        assert await stage.close_searches() == 0
        stage.clock.advance(1)
        assert await stage.close_searches() == 1
        await stage.settle()
        ended = await stage.now(ride)
        assert (ended.state, ended.payment_state) == (RideState.NO_DRIVER_AVAILABLE, PaymentState.VOIDED)

    async def test_an_open_offer_is_let_run_out_before_the_search_ends(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        stage.clock.advance(CITY.dispatch.search_window_seconds - 1)
        offer = await stage.offer(ride, driver_id)
        stage.clock.advance(2)
        assert await stage.close_searches() == 0
        assert (await stage.accept(stage.key(), driver_id, offer.id)).state is RideState.DRIVER_EN_ROUTE


class TestDrives:
    """From the arrival to the end."""

    async def test_a_ride_is_driven_to_its_end_and_the_fare_captured(self, stage: Stage, payments: FakePayments):
        ride, driver_id = await stage.under_way()
        done = await stage.complete(stage.key(), driver_id, ride.id)
        assert (done.state, done.payment_state) == (RideState.COMPLETED, PaymentState.CAPTURE_PENDING)
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        share = CITY.commission_basis_points
        assert payments.captured[ride.id] == (
            driver_id,
            (
                ChargeLine(ChargeKind.FARE, usd(1801), share),
                ChargeLine(ChargeKind.BOOKING_FEE, usd(150)),
                ChargeLine(ChargeKind.TAX, usd(99), tax_jurisdiction=CITY.fares.taxes[0].jurisdiction),
            ),
        )
        moves, offers = await stage.reader.history(ride.id, 100)
        assert [move.to_state for move in moves] == [
            RideState.REQUESTED,
            RideState.MATCHING,
            RideState.OFFERED,
            RideState.DRIVER_EN_ROUTE,
            RideState.ARRIVED,
            RideState.IN_PROGRESS,
            RideState.COMPLETED,
        ]
        assert [offer.state for offer in offers] == [OfferState.ACCEPTED]

    async def test_each_step_repeated_answers_the_ride(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        assert await stage.arrive(stage.key(), driver_id, ride.id) == ride
        started = await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        assert await stage.start(stage.key(), driver_id, ride.id, ride.start_pin) == started
        done = await stage.complete(stage.key(), driver_id, ride.id)
        assert await stage.complete(stage.key(), driver_id, ride.id) == done

    async def test_steps_out_of_order_are_refused(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        for attempt in (
            stage.start(stage.key(), driver_id, ride.id, ride.start_pin),
            stage.complete(stage.key(), driver_id, ride.id),
        ):
            assert (await refusal(attempt)).reason == "invalid_transition"
        assert (await stage.now(ride)) == ride

    async def test_five_wrong_pins_lock_the_ride_and_a_repeated_request_is_counted_once(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        wrong = f"{(int(ride.start_pin) + 1) % 10_000:04d}"
        key = stage.key()
        for _ in range(3):
            assert (await refusal(stage.start(key, driver_id, ride.id, wrong))).reason == "pin_invalid"
        assert (await stage.now(ride)).pin_failures == 1
        for _ in range(MAX_PIN_FAILURES - 1):
            assert (await refusal(stage.start(stage.key(), driver_id, ride.id, wrong))).reason == "pin_invalid"
        locked = await refusal(stage.start(stage.key(), driver_id, ride.id, ride.start_pin))
        assert locked.reason == "pin_locked"

    async def test_a_ride_given_back_keeps_its_fare_and_excludes_the_driver(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        waiting = await stage.give_back(stage.key(), driver_id, ride.id, "flat tire")
        assert (waiting.state, waiting.driver, waiting.fare) == (RideState.MATCHING, None, ride.fare)
        assert waiting.payment_state is PaymentState.HELD
        assert await stage.driver_is_free(driver_id)
        proposals = [Proposal(ride.id, driver_id, 60, 60.0)]
        assert await stage.offers.make_offers(proposals) == [OfferOutcome.DRIVER_TAKEN]
        other = await stage.driver()
        offer = await stage.offer(waiting, other)
        again = await stage.accept(stage.key(), other, offer.id)
        assert again.state is RideState.DRIVER_EN_ROUTE

    async def test_a_give_back_asked_again_is_answered_as_before_and_tells_nothing_of_the_next_driver(
        self, stage: Stage
    ):
        ride, driver_id = await stage.arrived()
        key = stage.key()
        first = await stage.give_back(key, driver_id, ride.id, "flat tire")
        other = await stage.driver()
        offer = await stage.offer(first, other)
        await stage.accept(stage.key(), other, offer.id)
        again = await stage.give_back(key, driver_id, ride.id, "flat tire")
        assert again == first
        assert (again.state, again.driver) == (RideState.MATCHING, None)

    async def test_a_give_back_that_a_release_before_answered_with_the_rides_id_is_answered_with_the_ride(
        self, stage: Stage
    ):
        ride, driver_id = await stage.arrived()
        given = await stage.give_back(stage.key(), driver_id, ride.id, "flat tire")
        key = stage.key()
        async with stage.store.transaction() as tx:
            await tx.claim(RequestKey(driver_id, "CancelAssignment", key, (str(ride.id), "flat tire")))
            await tx.complete(ride.id.bytes)
        assert await stage.give_back(key, driver_id, ride.id, "flat tire") == given

    async def test_a_ride_under_way_cannot_be_given_back(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        error = await refusal(stage.give_back(stage.key(), driver_id, ride.id, ""))
        assert error.reason == "invalid_transition"

    async def test_a_ride_that_an_operator_takes_from_its_driver_keeps_its_fare_and_excludes_the_driver(
        self, stage: Stage
    ):
        ride, driver_id = await stage.arrived()
        key, operator_id = stage.key(), stage.new_id()
        waiting = await stage.reassign(key, operator_id, ride.id, "flat tire")
        assert (waiting.state, waiting.driver, waiting.fare) == (RideState.MATCHING, None, ride.fare)
        assert (waiting.reason, waiting.words) == ("operator_reassigned", "flat tire")
        assert await stage.reassign(key, operator_id, ride.id, "flat tire") == waiting
        assert await stage.driver_is_free(driver_id)
        assert await stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]) == [OfferOutcome.DRIVER_TAKEN]
        other = await stage.driver()
        offer = await stage.offer(waiting, other)
        await stage.accept(stage.key(), other, offer.id)
        # Who lost it is told so, and not that it never was.
        assert (await refusal(stage.arrive(stage.key(), driver_id, ride.id))).reason == "ride_reassigned"

    async def test_a_ride_without_a_driver_or_under_way_cannot_be_reassigned(self, stage: Stage):
        for ride in (await stage.ride(), (await stage.under_way())[0]):
            error = await refusal(stage.reassign(stage.key(), stage.new_id(), ride.id, "why not"))
            assert error.reason == "invalid_transition"
        nowhere = await refusal(stage.reassign(stage.key(), stage.new_id(), stage.new_id(), "why not"))
        assert nowhere.reason == "ride_not_found"

    async def test_versions_of_what_was_told_of_a_ride_grow_by_one(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.decline(stage.key(), driver_id, offer.id)
        other = await stage.driver()
        offer = await stage.offer(ride, other)
        await stage.accept(stage.key(), other, offer.id)
        told = await stage.told_of(ride.id)
        assert told == list(range(1, len(told) + 1))
