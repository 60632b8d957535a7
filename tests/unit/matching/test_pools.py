"""Parties who share a vehicle, each with a ride of its own."""

from dataclasses import replace
from uuid import UUID

import pytest

from matching_service.domain.delivery import DeliveryFailure
from matching_service.domain.pooling import StopAction
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.run import alone
from matching_service.domain.shift import EndReason
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from shared_kernel.errors import Conflict
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import FARE, Stage

UP, OFF = StopAction.PICK_UP, StopAction.DROP_OFF


async def order_of(stage: Stage, driver_id: UUID) -> list[tuple[UUID, StopAction]]:
    return [(planned.stop.ride_id, planned.stop.action) for planned in await stage.read.plan(driver_id)]


class TestPools:
    async def test_a_pooled_ride_alone_begins_a_run_with_its_two_stops(self, stage: Stage):
        [ride], driver_id = await stage.shared(1)
        assert ride.kind is RideKind.POOLED
        assert ride.sharing is not None
        assert (ride.sharing.direct_seconds, ride.sharing.max_detour_seconds) == (840, 420)
        assert await order_of(stage, driver_id) == [(ride.id, UP), (ride.id, OFF)]
        view = await stage.reader.run_of(driver_id)
        assert view is not None
        assert (view.run.id, ride.run_slot) == (ride.run_id, 0)

    async def test_a_second_party_comes_along_and_the_driver_sees_one_plan(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        assert first.run_id == second.run_id
        assert (first.run_slot, second.run_slot) == (0, 1)
        assert await order_of(stage, driver_id) == [(first.id, UP), (first.id, OFF), (second.id, UP), (second.id, OFF)]
        assert (await stage.read.current(driver_id=driver_id)).id == first.id
        assert (await stage.read.summary(stage.clock.now().replace(year=2000))).double_assignment_count == 0

    async def test_each_party_has_its_own_ride_pin_fare_and_capture(self, stage: Stage, payments: FakePayments):
        rides, driver_id = await stage.shared()
        for ride in rides:
            await stage.arrive(stage.key(), driver_id, ride.id)
        first, second = rides
        if first.start_pin != second.start_pin:
            with pytest.raises(Conflict, match="PIN"):
                await stage.start(stage.key(), driver_id, second.id, first.start_pin)
        for ride in rides:
            await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        assert await order_of(stage, driver_id) == [(first.id, OFF), (second.id, OFF)]
        await stage.complete(stage.key(), driver_id, second.id)
        assert (await stage.read.current(driver_id=driver_id)).id == first.id
        await stage.complete(stage.key(), driver_id, first.id)
        await stage.settle()
        for ride in rides:
            assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == FARE.total.amount_minor
            assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        assert await stage.driver_is_free(driver_id)
        assert await stage.reader.run_of(driver_id) is None

    async def test_the_rider_says_that_the_ride_may_become_longer(self, stage: Stage):
        ride = await stage.pooled()
        quote = await stage.quotes.get(ride.quote_id, ride.rider_id)
        assert quote.max_detour_seconds == 420
        again = await stage.pooled_quote(stage.new_id())
        with pytest.raises(Conflict) as refused:
            await stage.request_ride(
                stage.key(), again.rider_id, again.id, stage.card(), "", accepted_detour_seconds=419
            )
        assert (refused.value.reason, refused.value.metadata) == ("detour_not_accepted", {"max_detour_seconds": "420"})

    async def test_a_canceled_party_leaves_the_other_its_driver_and_its_promises(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.cancel(stage.key(), first.rider_id, first.id, "", "")
        stays = await stage.now(second)
        assert (stays.state, stays.driver, stays.fare) == (RideState.DRIVER_EN_ROUTE, second.driver, second.fare)
        assert await order_of(stage, driver_id) == [(second.id, UP), (second.id, OFF)]
        assert not await stage.driver_is_free(driver_id)

    async def test_a_party_that_does_not_come_leaves_the_other_its_driver(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.arrive(stage.key(), driver_id, first.id)
        stage.clock.advance(first.terms.no_show_wait_seconds)
        ended = await stage.no_show(stage.key(), driver_id, first.id)
        assert ended.state is RideState.NO_SHOW
        assert await order_of(stage, driver_id) == [(second.id, UP), (second.id, OFF)]

    async def test_a_party_that_is_given_back_looks_for_another_driver_and_the_rest_stays(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        back = await stage.give_back(stage.key(), driver_id, second.id, "no room for the dog")
        assert (back.state, back.run_id, back.run_slot) == (RideState.MATCHING, None, None)
        assert await order_of(stage, driver_id) == [(first.id, UP), (first.id, OFF)]
        other = await stage.driver()
        offer = await stage.offer(back, other)
        taken = await stage.accept(stage.key(), other, offer.id)
        assert taken.run_id not in (None, first.run_id)

    async def test_a_driver_with_a_private_ride_gets_no_party(self, stage: Stage):
        _, driver_id = await stage.assigned()
        ride = await stage.pooled()
        proposal = Proposal(ride.id, driver_id, 60, 60.0, run_id=stage.new_id())
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.DRIVER_TAKEN]

    async def test_a_driver_with_parties_gets_no_private_ride(self, stage: Stage):
        [first, _], driver_id = await stage.shared()
        ride = await stage.ride()
        for run_id in (None, first.run_id):
            proposal = Proposal(ride.id, driver_id, 60, 60.0, run_id=run_id)
            assert await stage.offers.make_offers([proposal]) == [OfferOutcome.DRIVER_TAKEN]

    async def test_there_are_no_more_parties_than_the_city_allows(self, stage: Stage):
        [first, *_], driver_id = await stage.shared(1, 1, 1)
        ride = await stage.pooled()
        proposal = Proposal(ride.id, driver_id, 60, 60.0, run_id=first.run_id)
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.DRIVER_TAKEN]

    async def test_a_party_that_agreed_to_share_with_one_other_gets_no_second(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        third = await stage.pooled()
        assert third.sharing is not None
        async with stage.store.transaction() as tx:
            await tx.lock_ride(third.id)
            await tx.save_ride(third, replace(third, sharing=replace(third.sharing, parties=2)))
        view = await stage.reader.run_of(driver_id)
        assert view is not None
        plan = (*view.pending, *alone(third.id))
        proposal = Proposal(third.id, driver_id, 300, 300.0, run_id=first.run_id, plan=plan)
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.DRIVER_TAKEN]
        await stage.cancel(stage.key(), second.rider_id, second.id, "", "")
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.OFFERED]

    async def test_a_plan_that_was_made_before_another_party_came_along_is_not_offered(self, stage: Stage):
        [first], driver_id = await stage.shared(1)
        second, third = await stage.pooled(), await stage.pooled()
        seen = await stage.reader.run_of(driver_id)
        assert seen is not None
        # Another matcher's tick looked at the run before the second party was on it.
        plan = (*seen.pending, *alone(third.id))
        joined = await stage.join(second, driver_id)
        await stage.accept(stage.key(), driver_id, joined.id)
        late = Proposal(third.id, driver_id, 300, 300.0, run_id=first.run_id, plan=plan)
        assert await stage.offers.make_offers([late]) == [OfferOutcome.DRIVER_TAKEN]
        assert [ride_id for ride_id, action in await order_of(stage, driver_id) if action is UP] == [
            first.id,
            second.id,
        ]

    async def test_the_slot_of_a_party_that_got_out_is_taken_by_the_next(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.cancel(stage.key(), first.rider_id, first.id, "", "")
        third = await stage.pooled()
        offer = await stage.join(third, driver_id)
        joined = await stage.accept(stage.key(), driver_id, offer.id)
        assert (joined.run_id, joined.run_slot) == (second.run_id, 0)

    async def test_what_happened_while_the_driver_thought_is_left_out_of_the_plan(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        third = await stage.pooled()
        offer = await stage.join(third, driver_id)
        await stage.cancel(stage.key(), second.rider_id, second.id, "", "")
        await stage.accept(stage.key(), driver_id, offer.id)
        assert await order_of(stage, driver_id) == [(first.id, UP), (first.id, OFF), (third.id, UP), (third.id, OFF)]

    async def test_a_party_whose_driver_came_to_its_pickup_while_thinking_gets_in_before_the_next(self, stage: Stage):
        [first], driver_id = await stage.shared(1)
        second = await stage.pooled()
        up, off = alone(second.id)
        view = await stage.reader.run_of(driver_id)
        assert view is not None
        plan = (up, *view.pending, off)
        proposal = Proposal(second.id, driver_id, 60, 60.0, run_id=first.run_id, plan=plan)
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.OFFERED]
        await stage.arrive(stage.key(), driver_id, first.id)
        offer = await stage.read.current_offer(driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        assert await order_of(stage, driver_id) == [(first.id, UP), (second.id, UP), (first.id, OFF), (second.id, OFF)]
        assert (await stage.read.current(driver_id=driver_id)).id == first.id

    async def test_a_party_that_was_to_get_out_before_the_one_that_is_waited_for_by_now_finds_no_seat(
        self, stage: Stage
    ):
        [pair], driver_id = await stage.shared(2)
        trio = await stage.pooled(3)
        view = await stage.reader.run_of(driver_id)
        assert view is not None
        proposal = Proposal(trio.id, driver_id, 60, 60.0, run_id=pair.run_id, plan=(*alone(trio.id), *view.pending))
        assert await stage.offers.make_offers([proposal]) == [OfferOutcome.OFFERED]
        await stage.arrive(stage.key(), driver_id, pair.id)
        offer = await stage.read.current_offer(driver_id)
        with pytest.raises(Conflict) as refused:
            await stage.accept(stage.key(), driver_id, offer.id)
        assert refused.value.reason == "run_full"
        assert await order_of(stage, driver_id) == [(pair.id, UP), (pair.id, OFF)]

    async def test_a_party_whose_run_ended_while_the_driver_thought_begins_one(self, stage: Stage):
        [first], driver_id = await stage.shared(1)
        second = await stage.pooled()
        offer = await stage.join(second, driver_id)
        await stage.cancel(stage.key(), first.rider_id, first.id, "", "")
        joined = await stage.accept(stage.key(), driver_id, offer.id)
        assert joined.run_id not in (None, first.run_id)
        assert await order_of(stage, driver_id) == [(second.id, UP), (second.id, OFF)]

    async def test_nobody_gets_in_while_there_is_no_seat(self, stage: Stage):
        [pair, trio], driver_id = await stage.shared(2, 3)
        for ride in (pair, trio):
            await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.start(stage.key(), driver_id, pair.id, pair.start_pin)
        with pytest.raises(Conflict) as refused:
            await stage.start(stage.key(), driver_id, trio.id, trio.start_pin)
        assert refused.value.reason == "no_seat_left"
        await stage.complete(stage.key(), driver_id, pair.id)
        assert (await stage.start(stage.key(), driver_id, trio.id, trio.start_pin)).state is RideState.IN_PROGRESS

    async def test_a_driver_who_wants_to_stop_is_let_go_by_the_last_party(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.end_shift(stage.key(), driver_id)
        for ride in (first, second):
            await stage.arrive(stage.key(), driver_id, ride.id)
            await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        await stage.complete(stage.key(), driver_id, first.id)
        assert (await stage.read.current_shift(driver_id)).ended_at is None
        await stage.complete(stage.key(), driver_id, second.id)
        assert await stage.reader.open_shift(driver_id) is None

    async def test_the_last_ride_was_driven_once_one_party_was_however_the_others_end(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        await stage.arrive(stage.key(), driver_id, first.id)
        await stage.start(stage.key(), driver_id, first.id, first.start_pin)
        await stage.complete(stage.key(), driver_id, first.id)
        assert (await stage.read.current_shift(driver_id)).ended_at is None
        await stage.cancel(stage.key(), second.rider_id, second.id, "", "")
        assert await stage.reader.open_shift(driver_id) is None
        assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.LAST_RIDE

    async def test_a_last_ride_whose_parties_are_all_called_off_is_none(self, stage: Stage):
        [first, second], driver_id = await stage.shared()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        for ride in (first, second):
            await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
        assert (await stage.read.current_shift(driver_id)).takes_offers

    async def test_the_plan_of_a_driver_with_one_ride_is_its_two_stops(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        assert await order_of(stage, driver_id) == [(ride.id, UP), (ride.id, OFF)]
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        [last] = await stage.read.plan(driver_id)
        assert (last.stop.action, last.place) == (OFF, ride.dropoff)

    async def test_the_plan_of_an_order_on_its_way_back_ends_at_the_shop(self, stage: Stage):
        ride, driver_id = await stage.carrying()
        await stage.fail_delivery(stage.key(), driver_id, ride.id, DeliveryFailure.REFUSED, "")
        [last] = await stage.read.plan(driver_id)
        assert (last.stop.action, last.place) == (OFF, ride.pickup)
