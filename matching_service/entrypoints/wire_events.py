"""The facts that this service tells, as the contract's events."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from google.protobuf.message import Message

from matching_service.domain import events
from matching_service.domain.ride import Ride
from matching_service.entrypoints import wire, wire_drivers, wire_rides
from ridesharing.matching.v1 import complaint_service_pb2, events_pb2, rides_pb2

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


def event_message(event: events.Event) -> Message:
    """Write an event as the message of its name. The PIN goes along where the contract says so."""
    match event:
        case events.RideEditFact(ride=ride, edit=edit):
            return _EDIT_EVENTS[type(event)](ride=wire_rides.ride_message(ride), edit=wire_rides.edit_message(edit))
        case events.RideFact():
            return _ride_event(event)
        case events.OfferFact():
            offer = wire_drivers.offer_message(event.offer)
            is_new = isinstance(event, events.OfferCreated)
            return events_pb2.OfferCreated(offer=offer) if is_new else events_pb2.OfferClosed(offer=offer)
        case events.ShiftFact():
            shift = wire_drivers.shift_message(event.shift)
            if isinstance(event, events.ShiftStarted):
                return events_pb2.ShiftStarted(shift=shift)
            if isinstance(event, events.ShiftChanged):
                return events_pb2.ShiftChanged(shift=shift)
            return events_pb2.ShiftEnded(shift=shift, end_time=shift.end_time)


def _ride_event(event: events.RideFact) -> Message:  # noqa: PLR0911 (an arm a kind of event)
    ride = event.ride
    match event:
        case events.RideMatchingStarted(former_driver_id=former):
            return events_pb2.RideMatchingStarted(
                ride=wire_rides.ride_message(ride), rematching=former is not None, former_driver_id=_text(former)
            )
        case events.RideAssigned() | events.DriverArrived():
            told = wire_rides.ride_message(ride, with_pin=True, in_event=True)
            assigned = isinstance(event, events.RideAssigned)
            return events_pb2.RideAssigned(ride=told) if assigned else events_pb2.DriverArrived(ride=told)
        case events.DriverArriving(pickup_eta_seconds=seconds):
            told = wire_rides.ride_message(ride, with_pin=True, in_event=True)
            return events_pb2.DriverArriving(ride=told, pickup_eta_seconds=seconds)
        case events.RideDriverSwapped(former_driver_id=former):
            told = wire_rides.ride_message(ride, with_pin=True, in_event=True)
            return events_pb2.RideDriverSwapped(ride=told, former_driver_id=str(former))
        case events.RideShared(contact_ids=contacts, sealed_token=sealed_token):
            return events_pb2.RideShared(
                ride=wire_rides.ride_message(ride, with_rider_name=True, in_event=True),
                contact_ids=[str(contact) for contact in contacts],
                sealed_token=sealed_token,
            )
        case events.TripAlertRaised(alert=alert):
            return events_pb2.TripAlertRaised(ride=wire_rides.ride_message(ride), alert=wire_rides.alert_message(alert))
        case events.ComplaintDecided(complaint=complaint):
            return events_pb2.ComplaintDecided(
                ride=wire_rides.ride_message(ride),
                complaint_id=str(complaint.id),
                state=complaint_service_pb2.ComplaintState.Value(f"COMPLAINT_STATE_{complaint.state.name}"),
                answer=complaint.answer,
            )
        case events.TripStarted():
            return events_pb2.TripStarted(ride=_started_message(ride))
        case events.RideCanceled(former_driver_id=former):
            return events_pb2.RideCanceled(
                ride=wire_rides.ride_message(ride),
                former_driver_id=_text(former),
                fee=wire.money_message(ride.fee_amount),
            )
        case _:
            return _PLAIN_RIDE_EVENTS[type(event)](ride=wire_rides.ride_message(ride))


def _started_message(ride: Ride) -> rides_pb2.Ride:
    # The trip has begun, so the start PIN is past; the recipient's PIN is wanted from now on.
    message = wire_rides.ride_message(ride)
    if ride.delivery is not None:
        message.delivery.hand_over_pin = ride.delivery.hand_over_pin
    return message


def _text(value: UUID | None) -> str:
    return "" if value is None else str(value)
