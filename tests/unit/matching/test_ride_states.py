"""The table of states, and that nothing leaves it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain import ride_search, ride_trip
from matching_service.domain.delivery import Delivery, DeliveryFailure, Proof, ProofKind
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import canceled_by_platform, canceled_by_rider, no_show
from matching_service.domain.ride_delivery import brought_back, delivery_failed
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_payment import hold_declined, hold_placed
from matching_service.domain.ride_schedule import search_begun
from matching_service.domain.ride_states import (
    END_STATES,
    INITIAL_STATES,
    LIVE_STATES,
    OWED_PAYMENT_STATES,
    PAYMENT_TRANSITIONS,
    TRANSITIONS,
    PaymentState,
    RideMove,
    RideState,
    may_move,
    next_state,
)
from matching_service.domain.shift import DriverFacts
from matching_service.domain.terms import Funding, RideTerms
from shared_kernel.errors import Conflict
from tests.fakes.matching_dispatch import NOON
from tests.fakes.matching_stage import CITY, DROPOFF, FARE, ORDER, PICKUP

_ID = UUID(int=7)
_DRIVER = DriverFacts(_ID, "Grace", "Prius", "white", "8ABC123")


def a_ride() -> Ride:
    return Ride(
        id=_ID,
        rider_id=_ID,
        rider_name="Ada",
        quote_id=_ID,
        funding=Funding.CARD,
        payment_method_id=_ID,
        product="economy",
        pickup=PICKUP,
        dropoff=DROPOFF,
        fare=FARE,
        distance_meters=4_200,
        note="",
        terms=RideTerms.of(CITY, "economy"),
        start_pin="0042",
        requested_at=NOON,
        moved_at=NOON,
        search_until=NOON + timedelta(seconds=300),
    )


def a_delivery() -> Ride:
    return replace(a_ride(), kind=RideKind.DELIVERY, delivery=Delivery(ORDER, "0815"))


_MOVES_OF_GOODS = {RideMove.FAIL_DELIVERY, RideMove.BRING_BACK}
# Late enough for every waiting time to be over.
_MOVES: dict[RideMove, Callable[[Ride, datetime], Ride]] = {
    RideMove.BEGIN_SEARCH: search_begun,
    RideMove.AWAIT_HOLD: search_begun,
    RideMove.PLACE_HOLD: hold_placed,
    RideMove.DECLINE_HOLD: lambda ride, now: hold_declined(ride, "card_declined", now),
    RideMove.MAKE_OFFER: ride_search.offered,
    RideMove.CLOSE_OFFER: ride_search.offer_closed,
    RideMove.ACCEPT_OFFER: lambda ride, now: ride_search.assigned(ride, _DRIVER, 180, now),
    RideMove.SWAP_DRIVER: lambda ride, now: ride_search.swapped(ride, _DRIVER, 90, now),
    RideMove.ARRIVE: ride_trip.arrived,
    RideMove.START_TRIP: ride_trip.started,
    RideMove.COMPLETE_TRIP: ride_trip.completed,
    RideMove.FAIL_DELIVERY: lambda ride, now: delivery_failed(ride, DeliveryFailure.REFUSED, "", now),
    RideMove.BRING_BACK: lambda ride, now: brought_back(ride, Proof(ProofKind.SIGNATURE, "Kim"), now),
    RideMove.MOVE_PICKUP_FAR: ride_search.pickup_moved_far,
    RideMove.GIVE_BACK: lambda ride, now: ride_search.given_back(ride, "", now),
    RideMove.REPORT_NO_SHOW: no_show,
    RideMove.CANCEL_BY_RIDER: lambda ride, now: canceled_by_rider(ride, "", now),
    RideMove.CANCEL_BY_PLATFORM: lambda ride, now: canceled_by_platform(ride, "operator_canceled", "", now),
    RideMove.CLOSE_SEARCH: ride_search.unmatched,
}


def test_every_state_is_reached_and_every_live_state_has_an_end():
    reached = set(INITIAL_STATES)
    while more := {item.target for item in TRANSITIONS if item.source in reached} - reached:
        reached |= more
    assert reached == set(RideState)
    ends_in = set(END_STATES)
    while more := {item.source for item in TRANSITIONS if item.target in ends_in} - ends_in:
        ends_in |= more
    assert ends_in == set(RideState)


def test_ends_are_those_of_the_contract():
    assert {state.value for state in END_STATES} == {
        "payment_failed",
        "completed",
        "no_driver_available",
        "canceled_by_rider",
        "canceled_by_platform",
        "no_show",
        "returned",
    }


def test_a_move_leads_to_one_state_only():
    assert len({(item.source, item.move) for item in TRANSITIONS}) == len(TRANSITIONS)


def test_an_illegal_move_is_refused_by_the_names_of_both_states():
    with pytest.raises(Conflict, match="completed cannot become arrived") as refused:
        next_state(RideState.COMPLETED, RideMove.ARRIVE)
    assert refused.value.reason == "invalid_transition"
    assert refused.value.metadata == {"from_state": "completed", "to_state": "arrived", "move": "arrive"}


def test_every_owed_payment_state_leads_on_and_every_other_is_left_only_by_the_ride():
    for state in OWED_PAYMENT_STATES:
        assert any(source is state for source, _ in PAYMENT_TRANSITIONS)
    assert {source for source, _ in PAYMENT_TRANSITIONS} - OWED_PAYMENT_STATES == {
        PaymentState.HELD,
        PaymentState.HOLD_NOT_DUE,
    }


@given(st.lists(st.sampled_from(RideMove), max_size=40), st.booleans())
def test_no_sequence_of_moves_leaves_the_table_or_ends_a_ride_twice(moves: list[RideMove], carries_goods: bool):
    ride, now, ends = a_delivery() if carries_goods else a_ride(), NOON, 0
    for move in moves:
        now += timedelta(hours=1)
        legal = may_move(ride.state, move) and (carries_goods or move not in _MOVES_OF_GOODS)
        try:
            after = _MOVES[move](ride, now)
        except Conflict:
            # The hold's outcome may come after the end; it moves the payment, never the ride.
            assert not legal
            continue
        if not legal:
            assert move in {RideMove.PLACE_HOLD, RideMove.DECLINE_HOLD}
            assert not ride.is_live
            assert after.state is ride.state
            assert ride.payment_state is PaymentState.HOLD_PENDING
        else:
            assert after.state is next_state(ride.state, move)
            ends += after.state in END_STATES
        assert after.version == ride.version + 1
        assert (after.ended_at is None) is (after.state in LIVE_STATES)
        assert (
            after.payment_state is ride.payment_state
            or (ride.payment_state, after.payment_state) in PAYMENT_TRANSITIONS
        )
        if after.has_driver or after.payment_state is PaymentState.CAPTURE_PENDING:
            assert after.driver is not None
        assert after.fee_amount <= after.fare.total
        ride = after
    assert ends <= 1
    assert ends == (ride.state in END_STATES)


def test_moves_of_the_test_are_all_moves():
    assert set(_MOVES) == set(RideMove)
