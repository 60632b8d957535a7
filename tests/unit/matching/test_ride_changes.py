"""What each move of a ride changes, all of it and nothing else: a field too many or too few is a ride told wrongly."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from matching_service.domain import ride_search, ride_trip
from matching_service.domain.delivery import DeliveryFailure, Proof, ProofKind
from matching_service.domain.edit import Plan
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.quote import Fare, FareLine, FareLineKind, Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import cancel_fee, canceled_by_platform, canceled_by_rider, no_show
from matching_service.domain.ride_delivery import brought_back, delivery_failed, handed_over
from matching_service.domain.ride_payment import hold_declined, hold_placed, payment_settled
from matching_service.domain.ride_route import edited, stop_left, stop_reached
from matching_service.domain.ride_schedule import hold_due, looked_for_drivers, reminded, search_begun
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.schedule import Schedule
from matching_service.domain.shift import DriverFacts
from matching_service.domain.stops import StopState
from shared_kernel.errors import Conflict, DomainError
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.matching_stage import FARE, Stage
from tests.unit.matching.test_stops import BAKERY

PHOTO = Proof(ProofKind.PHOTO, "photo-1")
SOMEBODY = DriverFacts(Uuid7Source()(), "Kim", "Kia Niro", "white", "KIM1")
ELSEWHERE = Place(GeoPoint(37.7, -122.4), "elsewhere")


def later(ride: Ride) -> datetime:
    return ride.moved_at + timedelta(seconds=60)


def changes(before: Ride, after: Ride) -> dict[str, Any]:
    """The fields of a ride that became others."""
    pairs = ((field.name, getattr(before, field.name), getattr(after, field.name)) for field in fields(Ride))
    return {name: new for name, old, new in pairs if old != new}


def moved(ride: Ride, state: RideState, **others: Any) -> dict[str, Any]:
    """What every move changes, and what this one does beside it."""
    return {"state": state, "version": ride.version + 1, "moved_at": later(ride), **others}


def refused(act: Any) -> DomainError:
    with pytest.raises(Conflict) as caught:
        act()
    return caught.value


async def search_again(ride: Ride) -> dict[str, Any]:
    """What a ride that has lost its driver no longer has, and its new window."""
    window = timedelta(seconds=ride.terms.search_window_seconds)
    return {
        **dict.fromkeys(("driver", "pickup_eta_seconds", "promised_pickup_at", "assigned_at"), None),
        "pin_failures": 0,
        "search_until": later(ride) + window,
    }


async def test_hold_that_stands_starts_the_search_or_waits_for_the_time_or_is_released(stage: Stage) -> None:
    ride = replace(await stage.ride(), state=RideState.REQUESTED, payment_state=PaymentState.HOLD_PENDING, held_minor=0)
    window = timedelta(seconds=ride.terms.search_window_seconds)
    held = {"payment_state": PaymentState.HELD, "held_minor": ride.fare.total.amount_minor}

    expected = moved(ride, RideState.MATCHING, **held, search_until=later(ride) + window)
    assert changes(ride, hold_placed(ride, later(ride))) == expected
    ahead = replace(ride, state=RideState.SCHEDULED)
    assert changes(ahead, hold_placed(ahead, later(ride))) == {**held, "version": ride.version + 1}
    over = replace(ride, state=RideState.CANCELED_BY_RIDER)
    expected = {"payment_state": PaymentState.VOID_PENDING, "version": ride.version + 1}
    assert changes(over, hold_placed(over, later(ride))) == expected


async def test_hold_that_is_declined_ends_the_ride_and_forgets_the_phones_of_an_order(stage: Stage) -> None:
    ride = replace(await stage.order(), state=RideState.REQUESTED, payment_state=PaymentState.HOLD_PENDING)
    declined = {"payment_state": PaymentState.HOLD_DECLINED}

    expected = moved(
        ride,
        RideState.PAYMENT_FAILED,
        **declined,
        reason="card_declined",
        ended_at=later(ride),
        delivery=ride.carried.over(),
    )
    assert changes(ride, hold_declined(ride, "card_declined", later(ride))) == expected
    assert ride.carried.over() != ride.carried
    over = replace(ride, state=RideState.CANCELED_BY_RIDER)
    assert changes(over, hold_declined(over, "card_declined", later(ride))) == {**declined, "version": ride.version + 1}


async def test_offers_come_go_and_are_accepted(stage: Stage) -> None:
    ride = replace(await stage.ride(), reason="driver_canceled", words="flat tire")
    offered = ride_search.offered(ride, later(ride))
    assert changes(ride, offered) == moved(ride, RideState.OFFERED, words="")

    assert changes(offered, ride_search.offer_closed(offered, later(offered))) == moved(offered, RideState.MATCHING)
    assert changes(offered, offered.told()) == {"version": offered.version + 1}
    expected = moved(
        offered,
        RideState.DRIVER_EN_ROUTE,
        driver=SOMEBODY,
        pickup_eta_seconds=90,
        promised_pickup_at=later(offered) + timedelta(seconds=90),
        assigned_at=later(offered),
        reason="",
    )
    assert changes(offered, ride_search.assigned(offered, SOMEBODY, 90, later(offered))) == expected


async def test_swap_changes_the_driver_and_keeps_the_promise(stage: Stage) -> None:
    ride, _ = await stage.assigned()

    expected = moved(
        ride,
        RideState.DRIVER_EN_ROUTE,
        driver=SOMEBODY,
        pickup_eta_seconds=30,
        swap_count=1,
        assigned_at=later(ride),
    )
    del expected["state"]
    assert changes(ride, ride_search.swapped(ride, SOMEBODY, 30, later(ride))) == expected


async def test_trip_from_the_curb_to_its_end(stage: Stage) -> None:
    ride, _ = await stage.assigned((BAKERY,))
    arrived = ride_trip.arrived(ride, later(ride))
    assert changes(ride, arrived) == moved(ride, RideState.ARRIVED, arrived_at=later(ride))

    started = ride_trip.started(arrived, later(arrived))
    expected = moved(arrived, RideState.IN_PROGRESS, started_at=later(arrived), route_version=arrived.route_version + 1)
    waited = arrived.terms.with_waiting(arrived.fare, 60.0)
    assert changes(arrived, started) == expected | ({} if waited == arrived.fare else {"fare": waited})
    [stop] = started.stops
    reached = stop_reached(started, stop.id, later(started))
    assert changes(started, reached).keys() == {"stops", "route_version", "version"}
    assert (reached.route_version, reached.version) == (started.route_version + 1, started.version + 1)
    left = stop_left(reached, stop.id, later(started))
    assert [stop.state for stop in left.stops] == [StopState.LEFT]
    assert (left.route_version, left.version) == (started.route_version + 2, started.version + 2)

    expected = moved(left, RideState.COMPLETED, ended_at=later(left), payment_state=PaymentState.CAPTURE_PENDING)
    assert changes(left, ride_trip.completed(left, later(left))) == expected
    refusal = refused(lambda: stop_reached(arrived, stop.id, later(arrived)))
    assert (refusal.reason, refusal.metadata) == ("not_under_way", {"from_state": "arrived"})


async def test_order_is_handed_over_or_goes_back(stage: Stage) -> None:
    ride, _ = await stage.carrying()
    paid = {"payment_state": PaymentState.CAPTURE_PENDING}

    given = handed_over(ride, PHOTO, later(ride))
    over = ride.carried.proven(PHOTO).over()
    ended = {"ended_at": later(ride)}
    assert changes(ride, given) == moved(ride, RideState.COMPLETED, delivery=over, **ended, **paid)
    failed = delivery_failed(ride, DeliveryFailure.REFUSED, "wrong pizza", later(ride))
    assert changes(ride, failed) == moved(
        ride,
        RideState.RETURNING,
        delivery=ride.carried.failed(DeliveryFailure.REFUSED),
        reason="refused",
        words="wrong pizza",
    )
    failed = replace(failed, terms=replace(failed.terms, return_fee_minor=250))
    back = brought_back(failed, PHOTO, later(failed))
    assert changes(failed, back) == moved(
        failed,
        RideState.RETURNED,
        delivery=failed.carried.proven(PHOTO).over(),
        ended_at=later(failed),
        fee=FareLine(FareLineKind.RETURN_FEE, Money("USD", 250)),
        words="",
        **paid,
    )
    assert back.reason == "refused"


async def test_ride_that_loses_its_driver_is_as_if_nobody_had_come(stage: Stage) -> None:
    ride, _ = await stage.assigned()
    ride = replace(ride, pin_failures=2)
    lost = await search_again(ride)

    given_back = ride_search.given_back(ride, "flat tire", later(ride))
    assert changes(ride, given_back) == moved(
        ride, RideState.MATCHING, **lost, reason="driver_canceled", words="flat tire"
    )
    reassigned = ride_search.reassigned(ride, "too far", later(ride))
    assert changes(ride, reassigned) == moved(
        ride, RideState.MATCHING, **lost, reason="operator_reassigned", words="too far"
    )
    assert changes(ride, ride_search.pickup_moved_far(ride, later(ride))) == moved(
        ride, RideState.MATCHING, **lost, reason="pickup_moved"
    )
    arrived = replace(ride_trip.arrived(ride, later(ride)), run_id=Uuid7Source()(), run_slot=2)
    again = ride_search.given_back(arrived, "", later(arrived))
    assert (again.arrived_at, again.run_id, again.run_slot) == (None, None, None)


async def test_scheduled_ride_is_held_reminded_of_and_searched_for(stage: Stage) -> None:
    ride = await stage.scheduled(timedelta(hours=2))
    schedule = ride.schedule
    assert schedule is not None
    assert ride.payment_state is PaymentState.HOLD_NOT_DUE
    window = timedelta(seconds=ride.terms.search_window_seconds)

    due = hold_due(ride)
    assert changes(ride, due) == {
        "schedule": schedule.hold_seen_to(),
        "payment_state": PaymentState.HOLD_PENDING,
        "version": ride.version + 1,
    }
    seen_to = schedule.hold_seen_to()
    assert changes(due, reminded(due)) == {"schedule": seen_to.reminded(), "version": due.version + 1}
    assert changes(due, looked_for_drivers(due, later(due))) == {"schedule": seen_to.looked(later(due))}
    until = {"search_until": schedule.pickup_at + window} if ride.search_until != schedule.pickup_at + window else {}

    begun = search_begun(ride, later(ride))
    assert changes(ride, begun) == moved(
        ride,
        RideState.REQUESTED,
        schedule=schedule.looked(later(ride)),
        payment_state=PaymentState.HOLD_PENDING,
        **until,
    )
    late = schedule.pickup_at + timedelta(seconds=30)
    held = replace(due, payment_state=PaymentState.HELD)
    searched = search_begun(held, late)
    assert (searched.state, searched.payment_state) == (RideState.MATCHING, PaymentState.HELD)
    assert (searched.search_until, searched.moved_at) == (late + window, late)
    assert searched.schedule == seen_to.looked(late)


async def test_edit_changes_where_a_ride_goes_and_what_it_costs(stage: Stage) -> None:
    ride, _ = await stage.under_way()
    fare = Fare.of("USD", [*FARE.lines, FareLine(FareLineKind.CANCEL_FEE, Money("USD", 300))])
    plan = Plan(ride.pickup, ELSEWHERE, (), fare, 9_000, 1_800, 700, 120, ELSEWHERE.point)

    after = edited(ride, plan, later(ride))
    assert changes(ride, after) == {
        "dropoff": ELSEWHERE,
        "fare": fare,
        "distance_meters": 9_000,
        "trip_seconds": 1_800,
        "driven_meters": 700,
        "driven_seconds": 120,
        "driven_to": ELSEWHERE.point,
        "driven_at": later(ride),
        "route_version": ride.route_version + 1,
        "version": ride.version + 1,
    }
    before_the_trip = replace(plan, driven_to=None, driven_meters=0, driven_seconds=0)
    assert edited(ride, before_the_trip, later(ride)).driven_at is None
    ahead = await stage.scheduled(timedelta(hours=2))
    schedule = ahead.schedule
    assert schedule is not None
    other: Schedule = replace(schedule, pickup_at=schedule.pickup_at + timedelta(hours=1))
    put_off = edited(ahead, replace(before_the_trip, schedule=other), later(ahead))
    assert put_off.schedule == other
    assert put_off.search_until == other.pickup_at + timedelta(seconds=ahead.terms.search_window_seconds)


async def test_rider_who_does_not_come_pays_unless_the_driver_came_late(stage: Stage) -> None:
    ride, _ = await stage.arrived()
    ride = replace(ride, terms=replace(ride.terms, no_show_fee_minor=500, late_grace_seconds=60))
    assert ride.arrived_at is not None
    waited = ride.arrived_at + timedelta(seconds=ride.terms.no_show_wait_seconds)

    refusal = refused(lambda: no_show(ride, waited - timedelta(seconds=1)))
    assert (refusal.reason, refusal.retry_after_seconds) == ("too_early", 1.0)
    gone = no_show(ride, waited)
    fee = FareLine(FareLineKind.NO_SHOW_FEE, Money("USD", 500))
    assert changes(ride, gone) == {
        "state": RideState.NO_SHOW,
        "version": ride.version + 1,
        "moved_at": waited,
        "ended_at": waited,
        "fee": fee,
        "reason": "rider_no_show",
        "payment_state": PaymentState.CAPTURE_PENDING,
    }
    late = replace(ride, promised_pickup_at=ride.arrived_at - timedelta(seconds=60))
    free = no_show(late, waited)
    assert (free.fee, free.payment_state) == (None, PaymentState.VOID_PENDING)


async def test_fee_is_never_more_than_the_fare_and_none_where_it_is_nothing(stage: Stage) -> None:
    ride, _ = await stage.arrived()
    assert ride.arrived_at is not None
    waited = ride.arrived_at + timedelta(seconds=ride.terms.no_show_wait_seconds)

    for minor, expected in ((0, None), (1, 1), (100_000_000, ride.fare.total.amount_minor)):
        terms = replace(ride.terms, no_show_fee_minor=minor, late_grace_seconds=None)
        gone = no_show(replace(ride, terms=terms), waited)
        assert (None if gone.fee is None else gone.fee.amount.amount_minor) == expected
        assert (gone.payment_state is PaymentState.CAPTURE_PENDING) is (expected is not None)


async def test_ride_that_nobody_takes_or_the_platform_ends_costs_nothing(stage: Stage) -> None:
    ride = await stage.ride()
    free = {"payment_state": PaymentState.VOID_PENDING, "ended_at": later(ride)}

    assert changes(ride, ride_search.unmatched(ride, later(ride))) == moved(
        ride, RideState.NO_DRIVER_AVAILABLE, **free, reason="no_driver_available"
    )
    ended = canceled_by_platform(ride, "storm", "no rides tonight", later(ride))
    assert changes(ride, ended) == moved(
        ride, RideState.CANCELED_BY_PLATFORM, **free, reason="storm", words="no rides tonight"
    )
    for act in (lambda: cancel_fee(ended, later(ended)), lambda: canceled_by_platform(ended, "", "", later(ended))):
        refusal = refused(act)
        assert (refusal.reason, refusal.metadata) == ("not_cancellable", {"from_state": "canceled_by_platform"})
    canceled = canceled_by_rider(ride, "changed my mind", later(ride))
    assert changes(ride, canceled) == moved(
        ride, RideState.CANCELED_BY_RIDER, **free, reason="rider_canceled", words="changed my mind"
    )


@pytest.mark.parametrize("state", [PaymentState.CAPTURED, PaymentState.CAPTURE_PENDING])
async def test_payment_that_is_settled_is_a_version_of_its_own(stage: Stage, state: PaymentState) -> None:
    ride, _ = await stage.under_way()
    ended = ride_trip.completed(ride, later(ride))
    if state is PaymentState.CAPTURED:
        assert changes(ended, payment_settled(ended, state)) == {"payment_state": state, "version": ended.version + 1}
    else:
        with pytest.raises(Conflict):
            payment_settled(ended, state)


async def test_offer_that_ran_out_alone_is_taken_up_late(stage: Stage) -> None:
    ride, driver_id = await stage.ride(), await stage.driver()
    offer: Offer = await stage.offer(ride, driver_id)
    expired = offer.closed(OfferState.EXPIRED, later(ride))

    taken = expired.accepted_late(later(ride) + timedelta(seconds=5))
    assert taken == replace(expired, state=OfferState.ACCEPTED, closed_at=later(ride) + timedelta(seconds=5))
    declined = offer.closed(OfferState.DECLINED, later(ride))
    refusal = refused(lambda: declined.accepted_late(later(ride)))
    assert (refusal.reason, refusal.message) == ("offer_declined", "the offer was declined")
