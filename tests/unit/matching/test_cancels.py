"""Cancels, their fees and consents; no-shows; what the operator ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from matching_service.domain import ride_trip
from matching_service.domain.quote import Fare, FareLine, FareLineKind
from matching_service.domain.ride_cancels import cancel_fee, free_cancel_until
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.terms import ChargeKind, ChargeLine
from matching_service.use_cases.preview_cancellation import CONSENT_SECONDS
from shared_kernel.errors import NotFound, Unknown
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, Stage, usd
from tests.unit.matching.test_requests import refusal


class TestCancels:
    """PreviewCancellation, CancelRide, ReportNoShow, ForceCancelRide."""

    async def test_a_cancel_before_a_driver_is_bound_is_free_and_releases_the_hold(
        self, stage: Stage, payments: FakePayments
    ):
        ride = await stage.ride()
        preview = await stage.preview(ride.rider_id, ride.id)
        assert (preview.fee, preview.token) == (usd(0), "")
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "changed my mind")
        assert (ended.state, ended.payment_state) == (RideState.CANCELED_BY_RIDER, PaymentState.VOID_PENDING)
        assert (ended.reason, ended.words) == ("rider_canceled", "changed my mind")
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.VOIDED
        assert payments.calls[-1] == (f"{ride.id}:void", ride.id)

    async def test_a_cancel_stays_free_for_a_while_after_the_assignment(self, stage: Stage):
        ride, _ = await stage.assigned()
        stage.clock.advance(CITY.fees.free_cancel_seconds - 1)
        preview = await stage.preview(ride.rider_id, ride.id)
        assert preview.fee == usd(0)
        assert preview.expires_at == free_cancel_until(ride)
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert ended.fee is None

    async def test_a_cancel_of_a_version_that_moved_on_does_nothing(self, stage: Stage):
        ride, _ = await stage.assigned()
        seen = ride.version - 1
        error = await refusal(stage.cancel(stage.key(), ride.rider_id, ride.id, "", "", seen))
        assert (error.reason, error.metadata["ride_id"]) == ("version_moved_on", str(ride.id))
        assert (await stage.now(ride)).state is RideState.DRIVER_EN_ROUTE
        key = stage.key()
        ended = await stage.cancel(key, ride.rider_id, ride.id, "", "", ride.version)
        assert ended.state is RideState.CANCELED_BY_RIDER
        assert await stage.cancel(key, ride.rider_id, ride.id, "", "", ride.version) == ended

    async def test_a_late_cancel_needs_consent_and_its_fee_is_captured_for_the_driver(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.assigned()
        stage.clock.advance(CITY.fees.free_cancel_seconds)
        error = await refusal(stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""))
        assert (error.reason, error.metadata["fee_minor"]) == ("fee_consent_required", "500")
        preview = await stage.preview(ride.rider_id, ride.id)
        assert preview.fee == CITY.fees.cancel_fee
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, preview.token, "")
        assert (ended.state, ended.owed.total) == (RideState.CANCELED_BY_RIDER, usd(500))
        await stage.settle()
        share = CITY.commission_basis_points
        assert payments.captured[ride.id] == (driver_id, (ChargeLine(ChargeKind.CANCEL_FEE, usd(500), share),))
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED

    async def test_a_cancel_after_the_arrival_costs_the_fee_even_within_the_free_time(self, stage: Stage):
        ride, _ = await stage.arrived()
        assert (await stage.preview(ride.rider_id, ride.id)).fee == CITY.fees.cancel_fee

    async def test_a_fee_is_never_more_than_what_is_held(self, stage: Stage):
        rider_id = stage.new_id()
        small = Fare.of("USD", [FareLine(FareLineKind.BASE, usd(300))])
        quote = await stage.quote(rider_id, small)
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
        driver_id = await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        stage.clock.advance(CITY.fees.free_cancel_seconds)
        assert (await stage.preview(rider_id, ride.id)).fee == usd(300)

    async def test_a_consent_does_not_hold_for_another_assignment(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        preview = await stage.preview(ride.rider_id, ride.id)
        waiting = await stage.give_back(stage.key(), driver_id, ride.id, "flat tire")
        other = await stage.driver()
        offer = await stage.offer(waiting, other)
        stage.clock.advance(1)
        await stage.accept(stage.key(), other, offer.id)
        await stage.arrive(stage.key(), other, ride.id)
        error = await refusal(stage.cancel(stage.key(), ride.rider_id, ride.id, preview.token, ""))
        assert error.reason == "fee_consent_required"

    async def test_a_consent_expires(self, stage: Stage):
        ride, _ = await stage.arrived()
        preview = await stage.preview(ride.rider_id, ride.id)
        stage.clock.time = preview.expires_at
        error = await refusal(stage.cancel(stage.key(), ride.rider_id, ride.id, preview.token, ""))
        assert error.reason == "fee_consent_required"

    async def test_a_made_up_token_consents_to_nothing(self, stage: Stage):
        ride, _ = await stage.arrived()
        await stage.preview(ride.rider_id, ride.id)
        error = await refusal(stage.cancel(stage.key(), ride.rider_id, ride.id, "é" * 32, ""))
        assert error.reason == "fee_consent_required"

    async def test_a_cancel_withdraws_the_open_offer(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        error = await refusal(stage.accept(stage.key(), driver_id, offer.id))
        assert error.reason == "offer_withdrawn"
        # Two facts were told, the offer's close and the ride's end, each with a version of its own.
        assert ended.version == ride.version + 3

    async def test_a_trip_under_way_cannot_be_canceled_by_its_rider(self, stage: Stage):
        ride, _ = await stage.under_way()
        for attempt in (
            stage.preview(ride.rider_id, ride.id),
            stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""),
        ):
            assert (await refusal(attempt)).reason == "not_cancellable"

    async def test_somebody_elses_ride_is_not_found(self, stage: Stage):
        ride = await stage.ride()
        stranger = stage.new_id()
        for attempt in (
            stage.preview(stranger, ride.id),
            stage.cancel(stage.key(), stranger, ride.id, "", ""),
            stage.read.get(ride.id, rider_id=stranger),
            stage.arrive(stage.key(), stranger, ride.id),
        ):
            error = await refusal(attempt)
            assert isinstance(error, NotFound)
            assert error.reason == "ride_not_found"

    async def test_a_cancel_while_the_hold_is_pending_learns_its_outcome_before_it_releases_it(
        self, stage: Stage, payments: FakePayments
    ):
        payments.failures = [Unknown("rpc_deadline_exceeded", "")]
        ride = await stage.ride()
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (ended.state, ended.payment_state) == (RideState.CANCELED_BY_RIDER, PaymentState.HOLD_PENDING)
        stage.clock.advance(1)
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.VOIDED
        assert [key.rpartition(":")[2] for key, _ in payments.calls] == ["hold", "hold", "void"]

    async def test_a_cancel_is_idempotent_in_its_key_and_in_its_effect(self, stage: Stage):
        ride, key = await stage.ride(), stage.key()
        ended = await stage.cancel(key, ride.rider_id, ride.id, "", "")
        assert await stage.cancel(key, ride.rider_id, ride.id, "", "") == ended
        assert await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "") == ended

    async def test_a_no_show_can_be_reported_after_the_wait_and_its_fee_is_captured(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.arrived()
        stage.clock.advance(CITY.fees.no_show_wait_seconds - 1)
        early = await refusal(stage.no_show(stage.key(), driver_id, ride.id))
        assert (early.reason, early.retry_after_seconds) == ("too_early", 1)
        stage.clock.advance(1)
        ended = await stage.no_show(stage.key(), driver_id, ride.id)
        assert (ended.state, ended.owed.total) == (RideState.NO_SHOW, CITY.fees.no_show_fee)
        await stage.settle()
        assert payments.captured[ride.id][0] == driver_id
        assert (await stage.driver_is_free(driver_id)) is True

    async def test_a_no_show_needs_an_arrival(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        error = await refusal(stage.no_show(stage.key(), driver_id, ride.id))
        assert error.reason == "invalid_transition"

    @pytest.mark.parametrize("scene", ["ride", "assigned", "arrived", "under_way"])
    async def test_an_operator_ends_any_live_ride_and_nothing_is_charged(
        self, stage: Stage, payments: FakePayments, scene: str
    ):
        begun = await getattr(stage, scene)()
        ride = begun[0] if isinstance(begun, tuple) else begun
        ended = await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "road closed")
        assert (ended.state, ended.reason) == (RideState.CANCELED_BY_PLATFORM, "operator_canceled")
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.VOIDED
        assert payments.captured == {}
        moves, _ = await stage.reader.history(ride.id, 100)
        assert (moves[-1].reason, moves[-1].words) == ("operator_canceled", "road closed")

    async def test_an_ended_ride_cannot_be_force_canceled(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        error = await refusal(stage.force_cancel(stage.key(), stage.new_id(), ride.id, "late"))
        assert error.reason == "not_cancellable"


class TestFeesThatGrowAndFall:
    """What a cancel or a no-show costs when the driver drove long, or came late."""

    async def test_the_fee_grows_by_the_started_minute_of_driving_up_to_its_most(self, stage: Stage):
        ride, _ = await stage.assigned()
        terms = replace(ride.terms, cancel_fee_per_minute_minor=40, cancel_fee_most_minor=700, late_grace_seconds=None)
        ride, now = replace(ride, terms=terms), stage.clock.now()
        now += timedelta(seconds=CITY.fees.free_cancel_seconds)
        fees = [cancel_fee(ride, now + timedelta(seconds=over)).amount_minor for over in (0, 1, 60, 61, 290, 9_999)]
        assert fees == [500, 540, 540, 580, 700, 700]

    async def test_at_the_pickup_the_fee_grows_no_more(self, stage: Stage):
        ride, _ = await stage.assigned()
        terms = replace(ride.terms, cancel_fee_per_minute_minor=40, cancel_fee_most_minor=700)
        stage.clock.advance(170)
        ride = ride_trip.arrived(replace(ride, terms=terms), stage.clock.now())
        assert cancel_fee(ride, stage.clock.now() + timedelta(seconds=900)) == usd(540)

    async def test_a_cancel_is_free_again_when_the_driver_is_late(self, stage: Stage):
        ride, _ = await stage.assigned()
        assert (ride.pickup_eta_seconds, ride.terms.late_grace_seconds) == (180, 300)
        stage.clock.advance(479)
        assert cancel_fee(ride, stage.clock.now()) == CITY.fees.cancel_fee
        assert (await stage.preview(ride.rider_id, ride.id)).fee == CITY.fees.cancel_fee
        stage.clock.advance(1)
        ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (ended.fee, ended.payment_state) == (None, PaymentState.VOID_PENDING)

    async def test_a_preview_holds_until_the_driver_is_late_and_the_cancel_free(self, stage: Stage):
        former, _ = await stage.assigned()
        terms = replace(former.terms, cancel_fee_per_minute_minor=40, cancel_fee_most_minor=900)
        async with stage.store.transaction() as tx:
            await tx.lock_ride(former.id)
            await tx.save_ride(former, replace(former, terms=terms))
        stage.clock.advance(400)
        preview = await stage.preview(former.rider_id, former.id)
        stage.clock.advance(79)
        assert stage.clock.now() < preview.expires_at
        ended = await stage.cancel(stage.key(), former.rider_id, former.id, preview.token, "")
        assert (preview.fee, ended.owed.total) == (usd(740), usd(740))

    async def test_a_free_preview_after_the_free_period_holds_as_long_as_any(self, stage: Stage):
        late, _ = await stage.assigned()
        stage.clock.advance(480)
        without_fee, _ = await stage.assigned()
        free = replace(without_fee, terms=replace(without_fee.terms, cancel_fee_minor=0))
        async with stage.store.transaction() as tx:
            await tx.lock_ride(free.id)
            await tx.save_ride(without_fee, free)
        for ride, seconds in ((late, 0), (free, CITY.fees.free_cancel_seconds)):
            stage.clock.advance(seconds)
            preview = await stage.preview(ride.rider_id, ride.id)
            assert (preview.fee, preview.token) == (usd(0), "")
            assert preview.expires_at == stage.clock.now() + timedelta(seconds=CONSENT_SECONDS)

    async def test_a_driver_who_came_late_gets_no_fee_of_a_no_show(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        stage.clock.advance(480)
        await stage.arrive(stage.key(), driver_id, ride.id)
        assert (await stage.preview(ride.rider_id, ride.id)).fee == usd(0)
        stage.clock.advance(CITY.fees.no_show_wait_seconds)
        ended = await stage.no_show(stage.key(), driver_id, ride.id)
        assert (ended.fee, ended.payment_state) == (None, PaymentState.VOID_PENDING)


class TestWaiting:
    """The driver's wait at the pickup."""

    async def test_a_wait_beyond_the_grace_is_charged_above_the_hold_and_split_with_the_driver(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.arrived()
        stage.clock.advance(CITY.fees.waiting_grace_seconds + 90)
        started = await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        # A minute and a half at 39 cents, rounded up; the tax line of the stage's fare names no jurisdiction.
        assert started.fare.amount_of(FareLineKind.WAITING) == usd(59)
        assert started.fare.total == ride.fare.total + usd(59)
        await stage.complete(stage.key(), driver_id, ride.id)
        await stage.settle()
        _, lines = payments.captured[ride.id]
        assert ChargeLine(ChargeKind.WAITING, usd(59), CITY.commission_basis_points) in lines
        assert sum(line.amount.amount_minor for line in lines) == started.fare.total.amount_minor

    async def test_a_wait_within_the_grace_costs_nothing(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        stage.clock.advance(CITY.fees.waiting_grace_seconds)
        assert (await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)).fare == ride.fare
