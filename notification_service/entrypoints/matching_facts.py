"""From the events of matching to the facts that people are told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID

from notification_service.domain.facts import (
    ComplaintFact,
    DriverFacts,
    EditFacts,
    Happening,
    OfferFact,
    RatingFact,
    RideFact,
    SafetyFact,
    SharedTrip,
    ShiftFact,
)
from notification_service.domain.safety import map_link
from notification_service.entrypoints.fact_words import (
    FactReaders,
    funding,
    kind_of_ride,
    money,
    place,
    rfc3339,
    uuid_or_none,
)
from ridesharing.matching.v1 import complaint_service_pb2, rides_pb2, trip_alerts_pb2
from ridesharing.matching.v1 import events_pb2 as matching
from shared_kernel.ids import to_public_id


def _driver(ride: rides_pb2.Ride) -> DriverFacts | None:
    if not ride.HasField("driver"):
        return None
    return DriverFacts(
        driver_id=UUID(ride.driver.driver_id),
        display_name=ride.driver.display_name,
        vehicle_model=ride.driver.vehicle_model,
        vehicle_color=ride.driver.vehicle_color,
        vehicle_plate=ride.driver.vehicle_plate,
    )


def _ride(happening: Happening, ride: rides_pb2.Ride, **more: Any) -> RideFact:
    return RideFact(
        happening=happening,
        ride_id=UUID(ride.ride_id),
        version=ride.version,
        rider_id=UUID(ride.rider_id),
        state=rides_pb2.RideState.Name(ride.state).removeprefix("RIDE_STATE_").lower(),
        payment_state=rides_pb2.PaymentState.Name(ride.payment_state).removeprefix("PAYMENT_STATE_").lower(),
        driver=_driver(ride),
        start_pin=ride.start_pin,
        pickup_eta_seconds=ride.pickup_eta_seconds if ride.HasField("pickup_eta_seconds") else None,
        reason=ride.reason,
        pickup_at=ride.pickup_time.ToDatetime(tzinfo=UTC) if ride.HasField("pickup_time") else None,
        funding=funding(rides_pb2.Funding.Name(ride.funding)),
        kind=kind_of_ride(ride.kind),
        hand_over_pin=ride.delivery.hand_over_pin,
        **more,
    )


def shared_trip(event: matching.RideShared) -> SharedTrip:
    """Read whom a rider sends the link of a ride."""
    return SharedTrip(
        ride_id=UUID(event.ride.ride_id),
        rider_id=UUID(event.ride.rider_id),
        rider_name=event.ride.rider_name,
        driver=_driver(event.ride),
        contact_ids=frozenset(UUID(contact_id) for contact_id in event.contact_ids),
        sealed_token=event.sealed_token,
        token=event.token,
    )


_ALERTS = {
    trip_alerts_pb2.TRIP_ALERT_KIND_ROUTE_DEVIATED: Happening.ROUTE_DEVIATED,
    trip_alerts_pb2.TRIP_ALERT_KIND_LONG_STOP: Happening.LONG_STOP,
}


def _trip_alert(event: matching.TripAlertRaised) -> SafetyFact | None:
    happening = _ALERTS.get(event.alert.kind)
    if happening is None:
        # Of a later release, which has no words here.
        return None
    return SafetyFact(
        happening=happening,
        fact_id=UUID(event.alert.alert_id),
        ride_id=UUID(event.ride.ride_id),
        rider_id=UUID(event.ride.rider_id),
        rider_name=event.ride.rider_name,
        driver=_driver(event.ride),
        link=map_link(event.alert.point.latitude, event.alert.point.longitude),
    )


def _complaint(event: matching.ComplaintDecided) -> ComplaintFact:
    state = complaint_service_pb2.ComplaintState.Name(event.state)
    return ComplaintFact(
        happening=Happening.COMPLAINT_DECIDED,
        complaint_id=UUID(event.complaint_id),
        ride_id=UUID(event.ride.ride_id),
        rider_id=UUID(event.ride.rider_id),
        outcome=state.removeprefix("COMPLAINT_STATE_").lower(),
        answer=event.answer,
    )


def _arriving(event: matching.DriverArriving) -> RideFact:
    # The ride's own is that of the assignment.
    ride = _ride(Happening.DRIVER_ARRIVING, event.ride)
    return replace(ride, pickup_eta_seconds=event.pickup_eta_seconds)


def _rating_due(ride: rides_pb2.Ride) -> RatingFact:
    return RatingFact(
        happening=Happening.RIDE_RATING_DUE,
        ride_id=UUID(ride.ride_id),
        rider_id=UUID(ride.rider_id),
        driver=_driver(ride),
        kind=kind_of_ride(ride.kind),
    )


def _matching_started(event: matching.RideMatchingStarted) -> RideFact:
    happening = Happening.RIDE_REMATCHING if event.rematching else Happening.RIDE_MATCHING
    return _ride(happening, event.ride, former_driver_id=uuid_or_none(event.former_driver_id))


def _canceled(event: matching.RideCanceled) -> RideFact:
    no_show = event.ride.state == rides_pb2.RIDE_STATE_NO_SHOW
    fee = money(event.fee) if event.HasField("fee") else None
    happening = Happening.RIDE_NO_SHOW if no_show else Happening.RIDE_CANCELED
    return _ride(happening, event.ride, former_driver_id=uuid_or_none(event.former_driver_id), fee=fee)


def _returned(ride: rides_pb2.Ride) -> RideFact:
    return _ride(Happening.RIDE_RETURNED, ride, fee=money(ride.delivery.return_fee))


def _edit(happening: Happening, ride: rides_pb2.Ride, edit: rides_pb2.RideEdit) -> RideFact:
    facts = EditFacts(UUID(edit.edit_id), money(edit.fare.total), edit.reason, edit.added_seconds)
    return _ride(happening, ride, edit=facts)


def _offer(happening: Happening, offer: rides_pb2.Offer, version: int) -> OfferFact:
    public = {
        "id": to_public_id("offer", UUID(offer.offer_id)),
        "ride_id": to_public_id("ride", UUID(offer.ride_id)),
        "state": rides_pb2.OfferState.Name(offer.state).removeprefix("OFFER_STATE_").lower(),
        "expires_at": rfc3339(offer.expire_time),
        "pickup": place(offer.pickup),
        "dropoff": place(offer.dropoff),
        "pickup_eta_seconds": offer.pickup_eta_seconds,
        "distance_meters": offer.distance_meters,
        "earnings": {"currency_code": offer.earnings.currency_code, "amount_minor": offer.earnings.amount_minor},
        "funding": funding(rides_pb2.Funding.Name(offer.funding)),
        "stops": [place(stop) for stop in offer.stops],
        "passengers": offer.passengers,
        "kind": kind_of_ride(offer.kind),
        "order": _order(offer.order) if offer.HasField("order") else None,
        "joins_run": offer.joins_run,
        "pickup_at": rfc3339(offer.pickup_time) if offer.HasField("pickup_time") else None,
    }
    return OfferFact(
        happening=happening,
        offer_id=UUID(offer.offer_id),
        ride_id=UUID(offer.ride_id),
        version=version,
        driver_id=UUID(offer.driver_id),
        expires_at=offer.expire_time.ToDatetime(tzinfo=UTC),
        public=public,
    )


def _order(order: rides_pb2.DeliveryOrder) -> dict[str, Any]:
    return {
        "shop_name": order.shop_name,
        "shop_phone": None,
        "order_reference": order.order_reference,
        "recipient_name": order.recipient_name,
        "recipient_phone": None,
        "items": order.items,
        "size": rides_pb2.ItemSize.Name(order.size).removeprefix("ITEM_SIZE_").lower(),
        "capabilities": [
            rides_pb2.Capability.Name(each).removeprefix("CAPABILITY_").lower() for each in order.capabilities
        ],
        "pickup_code_required": order.pickup_code_required,
        "proof_required": rides_pb2.ProofKind.Name(order.proof_required).removeprefix("PROOF_KIND_").lower(),
    }


def _shift_ended(event: matching.ShiftEnded) -> ShiftFact:
    reason = rides_pb2.ShiftEndReason.Name(event.shift.end_reason)
    return ShiftFact(
        happening=Happening.SHIFT_ENDED,
        driver_id=UUID(event.shift.driver_id),
        reason=reason.removeprefix("SHIFT_END_REASON_").lower(),
    )


MATCHING_FACTS: FactReaders = {
    matching.RideRequested: lambda event, _: _ride(Happening.RIDE_REQUESTED, event.ride),
    matching.RideScheduled: lambda event, _: _ride(Happening.RIDE_SCHEDULED, event.ride),
    matching.RideReminded: lambda event, _: _ride(Happening.RIDE_REMINDED, event.ride),
    matching.RidePaymentFailed: lambda event, _: _ride(Happening.RIDE_PAYMENT_FAILED, event.ride),
    matching.RideMatchingStarted: lambda event, _: _matching_started(event),
    matching.RideAssigned: lambda event, _: _ride(Happening.RIDE_ASSIGNED, event.ride),
    matching.RideDriverSwapped: lambda event, _: _ride(
        Happening.RIDE_DRIVER_SWAPPED, event.ride, former_driver_id=uuid_or_none(event.former_driver_id)
    ),
    matching.DriverArriving: lambda event, _: _arriving(event),
    matching.DriverArrived: lambda event, _: _ride(Happening.DRIVER_ARRIVED, event.ride),
    matching.TripStarted: lambda event, _: _ride(Happening.TRIP_STARTED, event.ride),
    matching.StopReached: lambda event, _: _ride(Happening.STOP_REACHED, event.ride),
    matching.StopLeft: lambda event, _: _ride(Happening.STOP_LEFT, event.ride),
    matching.RideEditProposed: lambda event, _: _edit(Happening.RIDE_EDIT_PROPOSED, event.ride, event.edit),
    matching.RideEdited: lambda event, _: _edit(Happening.RIDE_EDITED, event.ride, event.edit),
    matching.RideEditClosed: lambda event, _: _edit(Happening.RIDE_EDIT_CLOSED, event.ride, event.edit),
    matching.RideCompleted: lambda event, _: _ride(Happening.RIDE_COMPLETED, event.ride),
    matching.DeliveryFailed: lambda event, _: _ride(Happening.RIDE_RETURNING, event.ride),
    matching.OrderReturned: lambda event, _: _returned(event.ride),
    matching.RideCanceled: lambda event, _: _canceled(event),
    matching.RideUnmatched: lambda event, _: _ride(Happening.RIDE_UNMATCHED, event.ride),
    matching.RidePaymentSettled: lambda event, _: _ride(Happening.RIDE_PAYMENT_SETTLED, event.ride),
    matching.RideRatingDue: lambda event, _: _rating_due(event.ride),
    matching.OfferCreated: lambda event, version: _offer(Happening.OFFER_CREATED, event.offer, version),
    matching.OfferClosed: lambda event, version: _offer(Happening.OFFER_CLOSED, event.offer, version),
    matching.TripAlertRaised: lambda event, _: _trip_alert(event),
    matching.ComplaintDecided: lambda event, _: _complaint(event),
    matching.ShiftEnded: lambda event, _: _shift_ended(event),
}
