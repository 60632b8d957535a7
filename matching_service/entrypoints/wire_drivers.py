"""What drivers see, as the contract's messages: offers, their shifts, the stops of their plan."""

from __future__ import annotations

from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.pooling import StopAction
from matching_service.domain.shift import EndReason, Shift
from matching_service.entrypoints import wire, wire_delivery
from matching_service.use_cases.read_rides import PlannedStop
from ridesharing.matching.v1 import rides_pb2

# By name: the domain's enums carry the contract's names, and a test compares both sides.
OFFER_STATES = {state: rides_pb2.OfferState.Value(f"OFFER_STATE_{state.name}") for state in OfferState}
SHIFT_END_REASONS = {reason: rides_pb2.ShiftEndReason.Value(f"SHIFT_END_REASON_{reason.name}") for reason in EndReason}
PLAN_ACTIONS = {action: rides_pb2.PlanAction.Value(f"PLAN_ACTION_{action.name}") for action in StopAction}


def offer_message(offer: Offer) -> rides_pb2.Offer:
    """Write an offer."""
    message = rides_pb2.Offer(
        offer_id=str(offer.id),
        ride_id=str(offer.ride_id),
        driver_id=str(offer.driver_id),
        state=OFFER_STATES[offer.state],
        expire_time=wire.timestamp(offer.expires_at),
        pickup=wire.place_message(offer.pickup),
        dropoff=wire.place_message(offer.dropoff),
        pickup_eta_seconds=offer.pickup_eta_seconds,
        distance_meters=offer.distance_meters,
        earnings=wire.money_message(offer.earnings),
        funding=wire.FUNDINGS[offer.funding],
        stops=map(wire.place_message, offer.stops),
        passengers=offer.passengers,
        kind=wire_delivery.RIDE_KINDS[offer.kind],
        joins_run=offer.run_id is not None,
        create_time=wire.timestamp(offer.created_at),
        close_time=None if offer.closed_at is None else wire.timestamp(offer.closed_at),
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
        start_time=wire.timestamp(shift.started_at),
        ends_after_ride=shift.ends_after_ride,
        version=shift.version,
        last_ride=shift.last_ride,
        heading=None if shift.heading is None else wire.point_message(shift.heading),
        end_reason=rides_pb2.SHIFT_END_REASON_UNSPECIFIED
        if shift.end_reason is None or shift.ended_at is None
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


def plan_message(planned: PlannedStop) -> rides_pb2.PlanStop:
    """Write a stop of a driver's plan."""
    return rides_pb2.PlanStop(
        ride_id=str(planned.stop.ride_id),
        action=PLAN_ACTIONS[planned.stop.action],
        place=wire.place_message(planned.place),
        passengers=planned.passengers,
    )
