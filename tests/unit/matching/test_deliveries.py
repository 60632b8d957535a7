"""Delivery orders from the shop to the recipient, or back."""

from dataclasses import replace

import pytest

from matching_service.domain.delivery import DeliveryFailure, ProofKind
from matching_service.domain.quote import Fare, FareLine, FareLineKind
from matching_service.domain.ride_kind import Capability, RideKind
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.hand_over_order import HandOver
from matching_service.use_cases.request_ride import PaidBy
from shared_kernel.errors import Conflict, InvalidInput
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import FARE, ORDER, Stage, usd

CODE = replace(ORDER, pickup_code_required=True)
PHOTO = replace(ORDER, proof_required=ProofKind.PHOTO)
WINE = replace(ORDER, capabilities=frozenset({Capability.AGE_CHECK}))


class TestDeliveries:
    async def test_an_order_is_handed_over_by_pin_and_its_fare_captured(self, stage: Stage, payments: FakePayments):
        ride, driver_id = await stage.carrying()
        assert ride.state is RideState.IN_PROGRESS
        assert ride.delivery is not None
        done = await stage.hand_over(
            stage.key(), driver_id, ride.id, HandOver(ProofKind.PIN, pin=ride.delivery.hand_over_pin)
        )
        assert done.state is RideState.COMPLETED
        assert done.delivery is not None
        assert done.delivery.proof is not None
        assert done.delivery.proof.kind is ProofKind.PIN
        await stage.settle()
        assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == FARE.total.amount_minor
        assert await stage.driver_is_free(driver_id)

    async def test_the_phones_of_an_order_are_erased_when_it_is_over(self, stage: Stage):
        ride, driver_id = await stage.carrying(PHOTO)
        assert ride.delivery is not None
        assert ride.delivery.order == PHOTO
        await stage.hand_over(stage.key(), driver_id, ride.id, HandOver(ProofKind.PHOTO, reference="photo-1"))
        kept = (await stage.now(ride)).delivery
        assert kept is not None
        assert kept.order == PHOTO.without_phones()

    async def test_five_wrong_pins_lock_the_order_and_it_goes_back(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        assert ride.delivery is not None
        wrong = HandOver(ProofKind.PIN, pin=f"{(int(ride.delivery.hand_over_pin) + 1) % 10_000:04d}")
        key = stage.key()
        for request_id in (key, key, *(stage.key() for _ in range(4))):
            with pytest.raises(Conflict, match="wrong") as refused:
                await stage.hand_over(request_id, driver_id, ride.id, wrong)
            assert refused.value.reason == "hand_over_pin_invalid"
        right = HandOver(ProofKind.PIN, pin=ride.delivery.hand_over_pin)
        with pytest.raises(Conflict) as locked:
            await stage.hand_over(stage.key(), driver_id, ride.id, right)
        assert locked.value.reason == "pin_locked"
        back = await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.PIN_NOT_KNOWN, "")
        assert back.state is RideState.RETURNING

    async def test_what_cannot_be_handed_over_goes_back_for_the_fare_and_the_fee_of_the_return(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.carrying()
        returning = await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.RECIPIENT_ABSENT, "rang")
        assert (returning.state, returning.reason) == (RideState.RETURNING, "recipient_absent")
        assert not await stage.driver_is_free(driver_id)
        back = await stage.return_order(stage.key(), driver_id, ride.id, "Kim")
        assert back.state is RideState.RETURNED
        assert back.owed.amount_of(FareLineKind.RETURN_FEE) == usd(400)
        assert back.owed.total == FARE.total + usd(400)
        await stage.settle()
        assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == back.owed.total.amount_minor
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        assert await stage.driver_is_free(driver_id)

    async def test_a_return_costs_its_whole_fee_where_less_than_that_was_left_of_the_fare(
        self, stage: Stage, payments: FakePayments
    ):
        rider_id, driver_id = stage.new_id(), await stage.driver(*Capability)
        quote = await stage.quote(rider_id, Fare.of("USD", [FareLine(FareLineKind.FLAT, usd(100))]), product="delivery")
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "", ORDER)
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.collect(stage.key(), driver_id, ride.id, "")
        await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
        back = await stage.return_order(stage.key(), driver_id, ride.id, "Kim")
        assert (back.fee_amount, back.owed.total) == (usd(400), usd(500))
        await stage.settle()
        assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == 500

    @pytest.mark.parametrize("returned", [True, False])
    async def test_of_an_order_in_cash_that_went_back_nobody_has_paid_the_courier(
        self, stage: Stage, payments: FakePayments, returned: bool
    ):
        rider_id, driver_id = stage.new_id(), await stage.driver(*Capability)
        quote = await stage.quote(rider_id, product="delivery")
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, PaidBy(Funding.CASH), "", PHOTO)
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.collect(stage.key(), driver_id, ride.id, "")
        if returned:
            await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.RECIPIENT_ABSENT, "")
            await stage.return_order(stage.key(), driver_id, ride.id, "Kim")
        else:
            await stage.hand_over(stage.key(), driver_id, ride.id, HandOver(ProofKind.PHOTO, reference="photo-1"))
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        assert payments.absent == ({ride.id} if returned else set())

    async def test_a_return_is_answered_again_as_it_stands(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        for _ in range(2):
            await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
        back = [await stage.return_order(stage.key(), driver_id, ride.id, "Kim") for _ in range(2)]
        assert back[0].version == back[1].version

    async def test_an_order_on_its_way_back_can_only_be_brought_back_or_canceled_by_the_platform(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
        with pytest.raises(Conflict) as canceled:
            await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert canceled.value.reason == "not_cancellable"
        with pytest.raises(Conflict) as handed:
            await stage.hand_over(stage.key(), driver_id, ride.id, HandOver(ProofKind.PHOTO, reference="late"))
        assert handed.value.reason == "invalid_transition"
        ended = await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "lost")
        assert ended.payment_state is PaymentState.VOID_PENDING

    async def test_the_shops_code_is_asked_for_where_the_order_says_so(self, stage: Stage):
        ride, driver_id = await stage.order(CODE), await stage.driver(Capability.DELIVERY)
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        for code in ("", f"{(int(ride.start_pin) + 1) % 10_000:04d}"):
            with pytest.raises(Conflict) as refused:
                await stage.collect(stage.key(), driver_id, ride.id, code)
            assert refused.value.reason == "pickup_code_invalid"
        assert (await stage.now(ride)).pin_failures == 2
        collected = await stage.collect(stage.key(), driver_id, ride.id, ride.start_pin)
        assert collected.state is RideState.IN_PROGRESS

    async def test_an_order_is_collected_without_a_code_where_none_is_asked_for(self, stage: Stage):
        ride, driver_id = await stage.order(), await stage.driver(Capability.DELIVERY)
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.arrive(stage.key(), driver_id, ride.id)
        assert (await stage.collect(stage.key(), driver_id, ride.id, "")).state is RideState.IN_PROGRESS

    async def test_another_proof_than_the_order_asks_for_is_refused(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        with pytest.raises(Conflict) as refused:
            await stage.hand_over(stage.key(), driver_id, ride.id, HandOver(ProofKind.PHOTO, reference="photo-1"))
        assert refused.value.reason == "proof_mismatch"

    async def test_goods_with_an_age_limit_are_not_handed_over_unchecked(self, stage: Stage):
        ride, driver_id = await stage.carrying(WINE)
        assert ride.delivery is not None
        hand_over = HandOver(ProofKind.PIN, pin=ride.delivery.hand_over_pin)
        with pytest.raises(Conflict) as refused:
            await stage.hand_over(stage.key(), driver_id, ride.id, hand_over)
        assert refused.value.reason == "age_check_required"
        done = await stage.hand_over(stage.key(), driver_id, ride.id, replace(hand_over, age_checked=True))
        assert done.state is RideState.COMPLETED

    async def test_an_order_is_not_started_or_completed_like_a_trip(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        with pytest.raises(Conflict) as refused:
            await stage.complete(stage.key(), driver_id, ride.id)
        assert refused.value.reason == "not_a_passenger"

    async def test_a_person_is_not_handed_over(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        with pytest.raises(Conflict) as refused:
            await stage.hand_over(stage.key(), driver_id, ride.id, HandOver(ProofKind.PIN, pin=ride.start_pin))
        assert refused.value.reason == "not_a_delivery"
        with pytest.raises(Conflict) as failed:
            await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
        assert failed.value.reason == "not_a_delivery"

    async def test_an_order_goes_with_a_delivery_and_with_nothing_else(self, stage: Stage):
        rider_id = stage.new_id()
        delivery, ride = await stage.quote(rider_id, product="delivery"), await stage.quote(rider_id)
        with pytest.raises(InvalidInput) as missing:
            await stage.request_ride(stage.key(), rider_id, delivery.id, stage.card(), "")
        assert missing.value.reason == "order_required"
        with pytest.raises(InvalidInput) as surplus:
            await stage.request_ride(stage.key(), rider_id, ride.id, stage.card(), "", ORDER)
        assert surplus.value.reason == "order_not_taken"

    async def test_whoever_rides_may_have_orders_under_way_beside_the_ride(self, stage: Stage):
        rider_id = stage.new_id()
        orders = [await stage.order(rider_id=rider_id) for _ in range(2)]
        ride = await stage.ride(rider_id)
        assert (await stage.read.current(rider_id=rider_id)).id == ride.id
        assert {order.kind for order in orders} == {RideKind.DELIVERY}
        with pytest.raises(Conflict) as refused:
            await stage.ride(rider_id)
        assert refused.value.reason == "active_ride"

    async def test_an_order_is_offered_to_those_alone_who_declared_what_it_needs(self, stage: Stage):
        ride = await stage.order(WINE)
        bare, courier = await stage.driver(), await stage.driver(Capability.DELIVERY)
        able = await stage.driver(Capability.DELIVERY, Capability.AGE_CHECK)
        for driver_id, outcome in (
            (bare, OfferOutcome.DRIVER_TAKEN),
            (courier, OfferOutcome.DRIVER_TAKEN),
            (able, OfferOutcome.OFFERED),
        ):
            assert await stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]) == [outcome]
        offer = await stage.read.current_offer(able)
        assert offer.order == WINE.without_phones()

    async def test_what_a_driver_declares_is_as_told_last(self, stage: Stage):
        driver_id = await stage.driver(Capability.DELIVERY, Capability.THERMAL_BAG)
        await stage.start_shift(stage.key(), driver_id, frozenset({Capability.DELIVERY}))
        assert (await stage.read.current_shift(driver_id)).capabilities == {Capability.DELIVERY}
