"""Between the contract's messages and the domain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from matching_service.domain import events
from matching_service.domain.edit import EditState, RideEdit
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.pooling import StopAction
from matching_service.domain.quote import Discount, Fare, FareLineKind, Place, Quote
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.shift import EndReason, Shift
from matching_service.domain.stops import Stop, StopState
from matching_service.domain.terms import Funding
from matching_service.domain.trip_watch import AlertKind, TripAlert
from matching_service.entrypoints import wire_delivery
from matching_service.use_cases.read_rides import PlannedStop
from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.matching.v1 import complaint_service_pb2, events_pb2, rides_pb2, trip_alerts_pb2
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

# By name: the domain's enums carry the contract's names, and a test compares both sides.
RIDE_STATES = {state: rides_pb2.RideState.Value(f"RIDE_STATE_{state.name}") for state in RideState}
PAYMENT_STATES = {state: rides_pb2.PaymentState.Value(f"PAYMENT_STATE_{state.name}") for state in PaymentState}
OFFER_STATES = {state: rides_pb2.OfferState.Value(f"OFFER_STATE_{state.name}") for state in OfferState}
FARE_LINE_KINDS = {kind: rides_pb2.FareLineKind.Value(f"FARE_LINE_KIND_{kind.name}") for kind in FareLineKind}
FUNDINGS = {funding: rides_pb2.Funding.Value(f"FUNDING_{funding.name}") for funding in Funding}
SHIFT_END_REASONS = {reason: rides_pb2.ShiftEndReason.Value(f"SHIFT_END_REASON_{reason.name}") for reason in EndReason}
EDIT_STATES = {state: rides_pb2.EditState.Value(f"EDIT_STATE_{state.name}") for state in EditState}
STOP_STATES = {state: rides_pb2.StopState.Value(f"STOP_STATE_{state.name}") for state in StopState}
PLAN_ACTIONS = {action: rides_pb2.PlanAction.Value(f"PLAN_ACTION_{action.name}") for action in StopAction}
_RIDE_STATE_BY_NUMBER: dict[int, RideState] = {number: state for state, number in RIDE_STATES.items()}
_FUNDING_BY_NUMBER: dict[int, Funding] = {number: funding for funding, number in FUNDINGS.items()}


def ride_message(
    ride: Ride, *, with_pin: bool = False, with_rider_name: bool = False, in_event: bool = False
) -> rides_pb2.Ride:
    """Write a ride: the PINs are the rider's, the rider's name the driver's; in events and for others neither.

    The phone numbers of a delivery are for these two; no event carries them, nor the recipient's PIN.
    """
    message = rides_pb2.Ride(
        ride_id=str(ride.id),
        state=RIDE_STATES[ride.state],
        payment_state=PAYMENT_STATES[ride.payment_state],
        version=ride.version,
        rider_id=str(ride.rider_id),
        quote_id=str(ride.quote_id),
        product=ride.product,
        pickup=place_message(ride.pickup),
        dropoff=place_message(ride.dropoff),
        fare=fare_message(ride.owed),
        start_pin=ride.start_pin if with_pin and ride.is_live else "",
        request_time=timestamp(ride.requested_at),
        reason=ride.reason,
        rider_name=ride.rider_name if with_rider_name else "",
        funding=FUNDINGS[ride.funding],
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
                run_id=_text(ride.run_id),
            )
        )
    if ride.promotion_id is not None and not with_rider_name:
        # Not for the driver, who could use another one's code.
        message.promotion.CopyFrom(_applied_message(ride.promotion_id, ride.terms.discount, ride.owed))
    if ride.delivery is not None:
        delivery = wire_delivery.delivery_message(
            ride.delivery,
            with_pin=with_pin and ride.is_live and not in_event,
            with_phones=(with_pin or with_rider_name) and not in_event,
        )
        delivery.return_fee.CopyFrom(money_message(Money(ride.fare.total.currency_code, ride.terms.return_fee_minor)))
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


def _stop_message(stop: Stop) -> rides_pb2.RideStop:
    message = rides_pb2.RideStop(stop_id=str(stop.id), place=place_message(stop.place), state=STOP_STATES[stop.state])
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
        pickup=place_message(plan.pickup),
        dropoff=place_message(plan.dropoff),
        stops=map(_stop_message, plan.stops),
        fare=fare_message(plan.fare),
        fare_before=money_message(edit.fare_before),
        difference_minor=edit.difference_minor,
        distance_meters=plan.distance_meters,
        trip_eta_seconds=plan.trip_seconds,
        driven_meters=plan.driven_meters,
        added_seconds=edit.added_seconds,
        expire_time=timestamp(edit.expires_at),
    )
    if edit.answer_until is not None:
        message.answer_time.FromDatetime(edit.answer_until)
    if plan.schedule is not None:
        message.pickup_time.FromDatetime(plan.schedule.pickup_at)
    return message


def offer_message(offer: Offer) -> rides_pb2.Offer:
    """Write an offer."""
    message = rides_pb2.Offer(
        offer_id=str(offer.id),
        ride_id=str(offer.ride_id),
        driver_id=str(offer.driver_id),
        state=OFFER_STATES[offer.state],
        expire_time=timestamp(offer.expires_at),
        pickup=place_message(offer.pickup),
        dropoff=place_message(offer.dropoff),
        pickup_eta_seconds=offer.pickup_eta_seconds,
        distance_meters=offer.distance_meters,
        earnings=money_message(offer.earnings),
        funding=FUNDINGS[offer.funding],
        stops=map(place_message, offer.stops),
        passengers=offer.passengers,
        kind=wire_delivery.RIDE_KINDS[offer.kind],
        joins_run=offer.run_id is not None,
        create_time=timestamp(offer.created_at),
        close_time=None if offer.closed_at is None else timestamp(offer.closed_at),
    )
    if offer.order is not None:
        message.order.CopyFrom(wire_delivery.order_message(offer.order.without_phones()))
    if offer.pickup_at is not None:
        message.pickup_time.FromDatetime(offer.pickup_at)
    return message


def shift_message(shift: Shift) -> rides_pb2.Shift:
    """Write a shift."""
    message = rides_pb2.Shift(
        shift_id=str(shift.id),
        driver_id=str(shift.driver_id),
        start_time=timestamp(shift.started_at),
        ends_after_ride=shift.ends_after_ride,
        version=shift.version,
        last_ride=shift.last_ride,
        heading=None if shift.heading is None else point_message(shift.heading),
        end_reason=rides_pb2.SHIFT_END_REASON_UNSPECIFIED
        if shift.end_reason is None
        else SHIFT_END_REASONS[shift.end_reason],
        capabilities=wire_delivery.capability_numbers(shift.capabilities),
    )
    for field, moment in (
        (message.end_time, shift.ended_at),
        (message.break_until_time, shift.break_until),
        (message.silent_since_time, shift.silent_since),
        (message.silent_until_time, shift.silent_until),
    ):
        if moment is not None:
            field.FromDatetime(moment)
    return message


def quote_message(quote: Quote) -> rides_pb2.Quote:
    """Write a quote."""
    message = rides_pb2.Quote(
        quote_id=str(quote.id),
        product=quote.product,
        pickup=place_message(quote.pickup),
        dropoff=place_message(quote.dropoff),
        fare=fare_message(quote.fare),
        distance_meters=quote.distance_meters,
        trip_eta_seconds=quote.trip_eta_seconds,
        expire_time=timestamp(quote.expires_at),
        surge_permille=quote.surge_permille,
        stops=map(place_message, quote.stops),
        passengers=quote.passengers,
        city=quote.city,
        policy_version=quote.policy_version,
        route_polyline=quote.polyline,
        surge_consent_token=quote.surge_consent_token,
    )
    if quote.promotion_id is not None:
        message.promotion.CopyFrom(_applied_message(quote.promotion_id, quote.discount, quote.fare))
    if quote.pickup_at is not None:
        message.pickup_time.FromDatetime(quote.pickup_at)
    if quote.max_detour_seconds is not None:
        message.sharing.max_detour_seconds = quote.max_detour_seconds
    if quote.pickup_eta_seconds is not None:
        message.pickup_eta_seconds = quote.pickup_eta_seconds
    return message


def _applied_message(promotion_id: UUID, discount: Discount | None, fare: Fare) -> rides_pb2.AppliedPromotion:
    off = fare.amount_of(FareLineKind.PROMOTION)
    return rides_pb2.AppliedPromotion(
        promotion_id=str(promotion_id),
        code="" if discount is None else discount.code,
        amount_off=money_message(off),
        price_before=money_message(fare.total + off),
    )


def fare_message(fare: Fare) -> rides_pb2.Fare:
    """Write a fare."""
    lines = [
        rides_pb2.FareLine(kind=FARE_LINE_KINDS[line.kind], amount=money_message(line.amount), name=line.name)
        for line in fare.lines
    ]
    return rides_pb2.Fare(total=money_message(fare.total), lines=lines)


def plan_message(planned: PlannedStop) -> rides_pb2.PlanStop:
    """Write a stop of a driver's plan."""
    return rides_pb2.PlanStop(
        ride_id=str(planned.stop.ride_id),
        action=PLAN_ACTIONS[planned.stop.action],
        place=place_message(planned.place),
        passengers=planned.passengers,
    )


def money_message(money: Money) -> money_pb2.Money:
    """Write an amount."""
    return money_pb2.Money(currency_code=money.currency_code, amount_minor=money.amount_minor)


def point_message(point: GeoPoint) -> geo_point_pb2.GeoPoint:
    """Write a point."""
    return geo_point_pb2.GeoPoint(latitude=point.latitude, longitude=point.longitude)


def place_message(place: Place) -> geo_point_pb2.Place:
    """Write a place."""
    return geo_point_pb2.Place(point=point_message(place.point), address=place.address)


def point_from(message: geo_point_pb2.GeoPoint) -> GeoPoint:
    """Read a point that the contract's rules have passed."""
    return GeoPoint(message.latitude, message.longitude)


def place_from(message: geo_point_pb2.Place) -> Place:
    """Read a place that the contract's rules have passed."""
    return Place(point_from(message.point), message.address)


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment_from(message: Timestamp, field: str) -> datetime:
    """Read a moment; one that no calendar holds is `invalid_argument`."""
    try:
        return message.ToDatetime(UTC)
    except (ValueError, OverflowError):
        violation = FieldViolation(field, "is not a time between the years 1 and 9999")
        raise InvalidInput("invalid_argument", "a time is out of range", violations=[violation]) from None


def ride_state_from(number: int) -> RideState:
    """Read a state that the contract's rules have passed."""
    return _RIDE_STATE_BY_NUMBER[number]


def funding_from(number: int) -> Funding:
    """Read a funding that the contract's rules have passed; one that is not told is a card."""
    return _FUNDING_BY_NUMBER.get(number, Funding.CARD)


def page_token(before: UUID | None) -> str:
    """Write where a page ended; empty on the last."""
    return "" if before is None else before.hex


def before_from(token: str) -> UUID | None:
    """Read where the last page ended; anything that we did not write is `invalid_page_token`."""
    if not token:
        return None
    try:
        return UUID(hex=token)
    except ValueError:
        violation = FieldViolation("page_token", "must be what the last page gave")
        raise InvalidInput("invalid_page_token", "the page token is not one of ours", violations=[violation]) from None


def alert_message(alert: TripAlert) -> trip_alerts_pb2.TripAlert:
    """Write an alert."""
    return trip_alerts_pb2.TripAlert(
        alert_id=str(alert.id),
        ride_id=str(alert.ride_id),
        rider_id=str(alert.rider_id),
        driver_id=str(alert.driver_id),
        kind=_ALERT_KINDS[alert.kind],
        point=point_message(alert.point),
        since_time=timestamp(alert.since),
        raise_time=timestamp(alert.raised_at),
    )


_ALERT_KINDS = {kind: trip_alerts_pb2.TripAlertKind.Value(f"TRIP_ALERT_KIND_{kind.name}") for kind in AlertKind}


def event_message(event: events.Event) -> Message:
    """Write an event as the message of its name. The PIN goes along where the contract says so."""
    match event:
        case events.RideEditFact(ride=ride, edit=edit):
            return _EDIT_EVENTS[type(event)](ride=ride_message(ride), edit=edit_message(edit))
        case events.RideFact():
            return _ride_event(event)
        case events.OfferFact():
            offer = offer_message(event.offer)
            is_new = isinstance(event, events.OfferCreated)
            return events_pb2.OfferCreated(offer=offer) if is_new else events_pb2.OfferClosed(offer=offer)
        case events.ShiftFact():
            shift = shift_message(event.shift)
            if isinstance(event, events.ShiftStarted):
                return events_pb2.ShiftStarted(shift=shift)
            if isinstance(event, events.ShiftChanged):
                return events_pb2.ShiftChanged(shift=shift)
            return events_pb2.ShiftEnded(shift=shift, end_time=shift.end_time)


_EDIT_EVENTS: dict[type[events.RideEditFact], Callable[..., Message]] = {
    events.RideEditProposed: events_pb2.RideEditProposed,
    events.RideEdited: events_pb2.RideEdited,
    events.RideEditClosed: events_pb2.RideEditClosed,
}
_PLAIN_RIDE_EVENTS: dict[type[events.RideFact], Callable[..., Message]] = {
    events.RideRequested: events_pb2.RideRequested,
    events.RideScheduled: events_pb2.RideScheduled,
    events.RideReminded: events_pb2.RideReminded,
    events.RidePaymentFailed: events_pb2.RidePaymentFailed,
    events.StopReached: events_pb2.StopReached,
    events.StopLeft: events_pb2.StopLeft,
    events.DeliveryFailed: events_pb2.DeliveryFailed,
    events.OrderReturned: events_pb2.OrderReturned,
    events.RideCompleted: events_pb2.RideCompleted,
    events.RideUnmatched: events_pb2.RideUnmatched,
    events.RidePaymentSettled: events_pb2.RidePaymentSettled,
    events.RideRatingDue: events_pb2.RideRatingDue,
}


def _ride_event(event: events.RideFact) -> Message:  # noqa: PLR0911 (an arm a kind of event)
    ride = event.ride
    match event:
        case events.RideMatchingStarted(former_driver_id=former):
            return events_pb2.RideMatchingStarted(
                ride=ride_message(ride), rematching=former is not None, former_driver_id=_text(former)
            )
        case events.RideAssigned() | events.DriverArrived():
            told = ride_message(ride, with_pin=True, in_event=True)
            assigned = isinstance(event, events.RideAssigned)
            return events_pb2.RideAssigned(ride=told) if assigned else events_pb2.DriverArrived(ride=told)
        case events.DriverArriving(pickup_eta_seconds=seconds):
            told = ride_message(ride, with_pin=True, in_event=True)
            return events_pb2.DriverArriving(ride=told, pickup_eta_seconds=seconds)
        case events.RideDriverSwapped(former_driver_id=former):
            told = ride_message(ride, with_pin=True, in_event=True)
            return events_pb2.RideDriverSwapped(ride=told, former_driver_id=str(former))
        case events.RideShared(contact_ids=contacts, sealed_token=sealed_token):
            return events_pb2.RideShared(
                ride=ride_message(ride, with_rider_name=True),
                contact_ids=[str(contact) for contact in contacts],
                sealed_token=sealed_token,
            )
        case events.TripAlertRaised(alert=alert):
            return events_pb2.TripAlertRaised(ride=ride_message(ride), alert=alert_message(alert))
        case events.ComplaintDecided(complaint=complaint):
            return events_pb2.ComplaintDecided(
                ride=ride_message(ride),
                complaint_id=str(complaint.id),
                state=complaint_service_pb2.ComplaintState.Value(f"COMPLAINT_STATE_{complaint.state.name}"),
                answer=complaint.answer,
            )
        case events.TripStarted():
            return events_pb2.TripStarted(ride=_started_message(ride))
        case events.RideCanceled(former_driver_id=former):
            return events_pb2.RideCanceled(
                ride=ride_message(ride), former_driver_id=_text(former), fee=money_message(ride.fee_amount)
            )
        case _:
            return _PLAIN_RIDE_EVENTS[type(event)](ride=ride_message(ride))


def _started_message(ride: Ride) -> rides_pb2.Ride:
    # The trip has begun, so the start PIN is past; the recipient's PIN is wanted from now on.
    message = ride_message(ride)
    if ride.delivery is not None:
        message.delivery.hand_over_pin = ride.delivery.hand_over_pin
    return message


def _text(value: UUID | None) -> str:
    return "" if value is None else str(value)
