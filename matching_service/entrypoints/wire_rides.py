"""Rides and what riders see of them, as the contract's messages: quotes, edits, alerts of a trip."""

from __future__ import annotations

from uuid import UUID

from matching_service.domain.edit import EditState, RideEdit
from matching_service.domain.quote import Discount, Fare, FareLineKind, Quote
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.stops import Stop, StopState
from matching_service.domain.trip_watch import AlertKind, TripAlert
from matching_service.entrypoints import wire, wire_delivery
from ridesharing.matching.v1 import rides_pb2, trip_alerts_pb2
from shared_kernel.money import Money

# By name: the domain's enums carry the contract's names, and a test compares both sides.
RIDE_STATES = {state: rides_pb2.RideState.Value(f"RIDE_STATE_{state.name}") for state in RideState}
PAYMENT_STATES = {state: rides_pb2.PaymentState.Value(f"PAYMENT_STATE_{state.name}") for state in PaymentState}
EDIT_STATES = {state: rides_pb2.EditState.Value(f"EDIT_STATE_{state.name}") for state in EditState}
STOP_STATES = {state: rides_pb2.StopState.Value(f"STOP_STATE_{state.name}") for state in StopState}
_ALERT_KINDS = {kind: trip_alerts_pb2.TripAlertKind.Value(f"TRIP_ALERT_KIND_{kind.name}") for kind in AlertKind}
_RIDE_STATE_BY_NUMBER: dict[int, RideState] = {number: state for state, number in RIDE_STATES.items()}


def ride_message(
    ride: Ride,
    *,
    with_pin: bool = False,
    with_rider_name: bool = False,
    with_note: bool = False,
    in_event: bool = False,
) -> rides_pb2.Ride:
    """Write a ride: the PINs are the rider's, the rider's name the driver's; in events and for others neither.

    The phone numbers of a delivery are for these two; no event carries them, nor the recipient's PIN. The rider's note
    is for these two and for operators.
    """
    message = rides_pb2.Ride(
        ride_id=str(ride.id),
        state=RIDE_STATES[ride.state],
        payment_state=PAYMENT_STATES[ride.payment_state],
        version=ride.version,
        rider_id=str(ride.rider_id),
        quote_id=str(ride.quote_id),
        product=ride.product,
        pickup=wire.place_message(ride.pickup),
        dropoff=wire.place_message(ride.dropoff),
        fare=wire.fare_message(ride.owed),
        start_pin=ride.start_pin if with_pin and ride.is_live else "",
        request_time=wire.timestamp(ride.requested_at),
        reason=ride.reason,
        rider_name=ride.rider_name if with_rider_name else "",
        note=ride.note if with_note else "",
        funding=wire.FUNDINGS[ride.funding],
        stops=map(_stop_message, ride.stops),
        passengers=ride.passengers,
        distance_meters=ride.distance_meters,
        trip_eta_seconds=ride.trip_seconds,
        city=ride.city,
        policy_version=ride.policy_version,
        kind=wire_delivery.RIDE_KINDS[ride.kind],
        swap_count=ride.swap_count,
    )
    if ride.sharing is not None:
        message.sharing.CopyFrom(
            rides_pb2.Sharing(
                max_detour_seconds=ride.sharing.max_detour_seconds,
                max_wait_seconds=ride.sharing.max_wait_seconds,
                run_id="" if ride.run_id is None else str(ride.run_id),
            )
        )
    if ride.promotion_id is not None and not with_rider_name:
        # Not for the driver, who could use another one's code.
        message.promotion.CopyFrom(_applied_promotion_message(ride.promotion_id, ride.terms.discount, ride.owed))
    if ride.delivery is not None:
        delivery = wire_delivery.delivery_message(
            ride.delivery,
            with_pin=with_pin and ride.is_live and not in_event,
            with_phones=(with_pin or with_rider_name) and not in_event,
        )
        delivery.return_fee.CopyFrom(
            wire.money_message(Money(ride.fare.total.currency_code, ride.terms.return_fee_minor))
        )
        message.delivery.CopyFrom(delivery)
    if ride.driver is not None:
        message.driver.CopyFrom(
            rides_pb2.DriverFacts(
                driver_id=str(ride.driver.driver_id),
                display_name=ride.driver.display_name,
                vehicle_model=ride.driver.vehicle_model,
                vehicle_color=ride.driver.vehicle_color,
                vehicle_plate=ride.driver.vehicle_plate,
            )
        )
    if ride.pickup_eta_seconds is not None:
        message.pickup_eta_seconds = ride.pickup_eta_seconds
    for field, moment in (
        (message.promised_pickup_time, ride.promised_pickup_at),
        (message.assign_time, ride.assigned_at),
        (message.arrive_time, ride.arrived_at),
        (message.start_time, ride.started_at),
        (message.end_time, ride.ended_at),
        (message.pickup_time, None if ride.schedule is None else ride.schedule.pickup_at),
        (message.driver_silent_since_time, ride.driver_silent_since),
    ):
        if moment is not None:
            field.FromDatetime(moment)
    return message


def driver_ride_message(ride: Ride) -> rides_pb2.Ride:
    """Write a ride for its driver, who needs the rider's note until the ride is over."""
    return ride_message(ride, with_rider_name=True, with_note=ride.has_driver)


def given_back_message(ride: Ride) -> rides_pb2.Ride:
    """Write a ride for the driver who gave it back: no longer theirs, it shows what strangers see, and no code."""
    message = ride_message(ride)
    message.ClearField("promotion")
    return message


def _stop_message(stop: Stop) -> rides_pb2.RideStop:
    message = rides_pb2.RideStop(
        stop_id=str(stop.id), place=wire.place_message(stop.place), state=STOP_STATES[stop.state]
    )
    for field, moment in ((message.reach_time, stop.reached_at), (message.leave_time, stop.left_at)):
        if moment is not None:
            field.FromDatetime(moment)
    return message


def edit_message(edit: RideEdit) -> rides_pb2.RideEdit:
    """Write an edit."""
    plan = edit.plan
    message = rides_pb2.RideEdit(
        edit_id=str(edit.id),
        ride_id=str(edit.ride_id),
        state=EDIT_STATES[edit.state],
        reason=edit.reason,
        pickup=wire.place_message(plan.pickup),
        dropoff=wire.place_message(plan.dropoff),
        stops=map(_stop_message, plan.stops),
        fare=wire.fare_message(plan.fare),
        fare_before=wire.money_message(edit.fare_before),
        difference_minor=edit.difference_minor,
        distance_meters=plan.distance_meters,
        trip_eta_seconds=plan.trip_seconds,
        driven_meters=plan.driven_meters,
        added_seconds=edit.added_seconds,
        expire_time=wire.timestamp(edit.expires_at),
    )
    if edit.answer_until is not None:
        message.answer_time.FromDatetime(edit.answer_until)
    if plan.schedule is not None:
        message.pickup_time.FromDatetime(plan.schedule.pickup_at)
    return message


def quote_message(quote: Quote) -> rides_pb2.Quote:
    """Write a quote."""
    message = rides_pb2.Quote(
        quote_id=str(quote.id),
        product=quote.product,
        pickup=wire.place_message(quote.pickup),
        dropoff=wire.place_message(quote.dropoff),
        fare=wire.fare_message(quote.fare),
        distance_meters=quote.distance_meters,
        trip_eta_seconds=quote.trip_eta_seconds,
        expire_time=wire.timestamp(quote.expires_at),
        surge_permille=quote.surge_permille,
        stops=map(wire.place_message, quote.stops),
        passengers=quote.passengers,
        city=quote.city,
        policy_version=quote.policy_version,
        route_polyline=quote.polyline,
        surge_consent_token=quote.surge_consent_token,
    )
    if quote.promotion_id is not None:
        message.promotion.CopyFrom(_applied_promotion_message(quote.promotion_id, quote.discount, quote.fare))
    if quote.pickup_at is not None:
        message.pickup_time.FromDatetime(quote.pickup_at)
    if quote.max_detour_seconds is not None:
        message.sharing.max_detour_seconds = quote.max_detour_seconds
    if quote.pickup_eta_seconds is not None:
        message.pickup_eta_seconds = quote.pickup_eta_seconds
    return message


def _applied_promotion_message(promotion_id: UUID, discount: Discount | None, fare: Fare) -> rides_pb2.AppliedPromotion:
    off = fare.amount_of(FareLineKind.PROMOTION)
    return rides_pb2.AppliedPromotion(
        promotion_id=str(promotion_id),
        code="" if discount is None else discount.code,
        amount_off=wire.money_message(off),
        price_before=wire.money_message(fare.total + off),
    )


def alert_message(alert: TripAlert) -> trip_alerts_pb2.TripAlert:
    """Write an alert."""
    return trip_alerts_pb2.TripAlert(
        alert_id=str(alert.id),
        ride_id=str(alert.ride_id),
        rider_id=str(alert.rider_id),
        driver_id=str(alert.driver_id),
        kind=_ALERT_KINDS[alert.kind],
        point=wire.point_message(alert.point),
        since_time=wire.timestamp(alert.since),
        raise_time=wire.timestamp(alert.raised_at),
    )


def ride_state_from(number: int) -> RideState:
    """Read a state that the contract's rules have passed."""
    return _RIDE_STATE_BY_NUMBER[number]
