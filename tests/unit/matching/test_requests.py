"""Asking for a ride."""

from collections.abc import Awaitable
from dataclasses import replace
from uuid import UUID

import pytest

from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.request_ride import PaidBy
from shared_kernel.errors import Conflict, DomainError, NotFound, Unavailable, Unknown
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, FARE, Stage


async def refusal(attempt: Awaitable[object]) -> DomainError:
    """The error that an attempt is refused with."""
    with pytest.raises(DomainError) as refused:
        await attempt
    return refused.value


class TestRequests:
    """RequestRide: quotes, keys and the hold."""

    async def test_a_ride_whose_hold_stands_looks_for_a_driver(self, stage: Stage, payments: FakePayments):
        ride = await stage.ride()
        assert (ride.state, ride.payment_state) == (RideState.MATCHING, PaymentState.HELD)
        assert ride.fare == FARE
        assert ride.rider_name == "Ada"
        assert len(ride.start_pin) == 4
        assert payments.calls == [(f"{ride.id}:hold", ride.id)]

    async def test_the_same_key_replays_the_ride_and_asks_for_no_second_hold(
        self, stage: Stage, payments: FakePayments
    ):
        rider_id, card, key = stage.new_id(), stage.card(), stage.key()
        quote = await stage.quote(rider_id)
        ride = await stage.request_ride(key, rider_id, quote.id, card, "")
        stage.clock.advance(CITY.quote_seconds)
        assert await stage.request_ride(key, rider_id, quote.id, card, "") == ride
        assert len(payments.calls) == 1
        reused = await refusal(stage.request_ride(key, rider_id, quote.id, card, "other words"))
        assert reused.reason == "idempotency_key_reused"

    async def test_somebody_elses_quote_is_not_found(self, stage: Stage):
        quote = await stage.quote(stage.new_id())
        error = await refusal(stage.request_ride(stage.key(), stage.new_id(), quote.id, stage.card(), ""))
        assert isinstance(error, NotFound)
        assert error.reason == "quote_not_found"

    async def test_an_expired_quote_is_refused(self, stage: Stage):
        rider_id = stage.new_id()
        quote = await stage.quote(rider_id)
        stage.clock.advance(CITY.quote_seconds)
        error = await refusal(stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), ""))
        assert error.reason == "quote_expired"

    async def test_a_quote_is_good_for_one_ride(self, stage: Stage):
        rider_id = stage.new_id()
        quote = await stage.quote(rider_id)
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
        await stage.cancel(stage.key(), rider_id, ride.id, "", "")
        error = await refusal(stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), ""))
        assert error.reason == "quote_used"

    async def test_a_rider_has_one_live_ride(self, stage: Stage):
        rider_id = stage.new_id()
        await stage.ride(rider_id)
        error = await refusal(stage.ride(rider_id))
        assert isinstance(error, Conflict)
        assert error.reason == "active_ride"

    async def test_a_declined_hold_ends_the_ride_and_the_same_key_tells_it_again(
        self, stage: Stage, payments: FakePayments
    ):
        payments.declines = "insufficient_funds"
        rider_id, card, key = stage.new_id(), stage.card(), stage.key()
        quote = await stage.quote(rider_id)
        error = await refusal(stage.request_ride(key, rider_id, quote.id, card, ""))
        assert isinstance(error, Conflict)
        assert error.reason == "payment_declined"
        assert error.metadata["decline_reason"] == "insufficient_funds"
        again = await refusal(stage.request_ride(key, rider_id, quote.id, card, ""))
        assert (again.reason, again.metadata) == (error.reason, error.metadata)
        ride = await stage.read.get(UUID(error.metadata["ride_id"]), rider_id=rider_id)
        assert (ride.state, ride.payment_state) == (RideState.PAYMENT_FAILED, PaymentState.HOLD_DECLINED)
        assert len(payments.calls) == 1
        payments.declines = ""
        assert (await stage.ride(rider_id)).state is RideState.MATCHING

    @pytest.mark.parametrize("funding", [Funding.WALLET, Funding.CASH])
    async def test_a_ride_may_be_paid_without_a_card(self, stage: Stage, payments: FakePayments, funding: Funding):
        ride = await stage.ride(funding=funding)
        assert (ride.state, ride.funding, ride.payment_method_id) == (RideState.MATCHING, funding, None)
        assert payments.funded == {ride.id: funding}

    async def test_another_way_to_pay_under_the_same_key_is_another_request(self, stage: Stage):
        rider_id, key = stage.new_id(), stage.key()
        quote = await stage.quote(rider_id)
        ride = await stage.request_ride(key, rider_id, quote.id, PaidBy(Funding.CASH), "")
        assert await stage.request_ride(key, rider_id, quote.id, PaidBy(Funding.CASH), "") == ride
        for other in (PaidBy(Funding.WALLET), stage.card()):
            error = await refusal(stage.request_ride(key, rider_id, quote.id, other, ""))
            assert error.reason == "idempotency_key_reused"

    async def test_where_no_cash_is_accepted_it_is_refused_and_the_quote_stays_good(self, stage: Stage):
        rider_id = stage.new_id()
        quote = await stage.quote(rider_id)
        no_cash = replace(stage.request_ride, cities=FixedCities(replace(CITY, cash_accepted=False)))
        error = await refusal(no_cash(stage.key(), rider_id, quote.id, PaidBy(Funding.CASH), ""))
        assert (type(error), error.reason) == (Conflict, "cash_not_accepted")
        assert (await no_cash(stage.key(), rider_id, quote.id, PaidBy(Funding.WALLET), "")).state is RideState.MATCHING

    @pytest.mark.parametrize("reason", ["insufficient_funds", "rider_in_arrears"])
    async def test_a_hold_that_is_refused_for_a_debt_ends_the_ride_with_that_reason(
        self, stage: Stage, payments: FakePayments, reason: str
    ):
        payments.failures = [Conflict(reason, "told as a refusal, not as a decline")]
        error = await refusal(stage.ride(funding=Funding.WALLET))
        assert (error.reason, error.metadata["decline_reason"]) == ("payment_declined", reason)
        ride = await stage.read.get(UUID(error.metadata["ride_id"]))
        assert (ride.state, ride.reason) == (RideState.PAYMENT_FAILED, reason)

    async def test_a_card_that_is_not_the_riders_ends_the_ride_and_is_told_as_not_found(
        self, stage: Stage, payments: FakePayments
    ):
        payments.failures = [NotFound("payment_method_not_found", "no such card")]
        rider_id, key, card = stage.new_id(), stage.key(), stage.card()
        quote = await stage.quote(rider_id)
        error = await refusal(stage.request_ride(key, rider_id, quote.id, card, ""))
        assert (type(error), error.reason) == (NotFound, "payment_method_not_found")
        ride = await stage.read.get(UUID(error.metadata["ride_id"]), rider_id=rider_id)
        assert (ride.state, ride.payment_state) == (RideState.PAYMENT_FAILED, PaymentState.HOLD_DECLINED)
        again = await refusal(stage.request_ride(key, rider_id, quote.id, card, ""))
        assert (again.reason, again.metadata) == (error.reason, error.metadata)

    async def test_a_key_is_judged_before_the_quote(self, stage: Stage):
        rider_id, card, key = stage.new_id(), stage.card(), stage.key()
        quote = await stage.quote(rider_id)
        await stage.request_ride(key, rider_id, quote.id, card, "")
        error = await refusal(stage.request_ride(key, rider_id, stage.new_id(), card, ""))
        assert error.reason == "idempotency_key_reused"

    @pytest.mark.parametrize("failure", [Unknown("rpc_deadline_exceeded", ""), Unavailable("rpc_unavailable", "")])
    async def test_a_hold_without_an_outcome_leaves_the_ride_requested_and_is_asked_for_again(
        self, stage: Stage, payments: FakePayments, failure: DomainError
    ):
        payments.failures = [failure]
        ride = await stage.ride()
        assert (ride.state, ride.payment_state) == (RideState.REQUESTED, PaymentState.HOLD_PENDING)
        assert await stage.saga() == 0
        stage.clock.advance(1)
        assert await stage.saga() == 1
        assert (await stage.now(ride)).state is RideState.MATCHING
        assert payments.calls == [(f"{ride.id}:hold", ride.id)] * 2

    async def test_a_ride_whose_hold_is_never_resolved_is_canceled_and_its_hold_released(
        self, stage: Stage, payments: FakePayments
    ):
        payments.failures = [Unknown("rpc_deadline_exceeded", "")] * 3
        ride = await stage.ride()
        stage.clock.advance(CITY.dispatch.search_window_seconds)
        assert await stage.close_searches() == 1
        ended = await stage.now(ride)
        assert (ended.state, ended.reason) == (RideState.CANCELED_BY_PLATFORM, "payment_unavailable")
        assert ended.payment_state is PaymentState.HOLD_PENDING
        for _ in range(4):
            stage.clock.advance(60)
            await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.VOIDED
