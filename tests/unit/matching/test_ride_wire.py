"""The contract's enums and the domain's are the same, and who sees what of a ride."""

from dataclasses import replace
from enum import Enum
from typing import Any, cast

import pytest
from google.protobuf.message import Message

from matching_service.domain import events
from matching_service.domain.delivery import DeliveryFailure, ItemSize, ProofKind
from matching_service.domain.edit import EditState
from matching_service.domain.offer import OfferState
from matching_service.domain.pooling import StopAction
from matching_service.domain.quote import FareLineKind
from matching_service.domain.ride_cancels import canceled_by_platform, canceled_by_rider
from matching_service.domain.ride_kind import Capability, RideKind
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.stops import StopState
from matching_service.domain.terms import Funding
from matching_service.entrypoints import wire, wire_events, wire_rides
from ridesharing.matching.v1 import events_pb2, rides_pb2, share_service_pb2
from shared_kernel.errors import InvalidInput
from tests.fakes.matching_dispatch import NOON
from tests.unit.matching.test_ride_states import a_delivery, a_ride


@pytest.mark.parametrize(
    ("enum", "contract", "prefix"),
    [
        (RideState, rides_pb2.RideState, "RIDE_STATE_"),
        (PaymentState, rides_pb2.PaymentState, "PAYMENT_STATE_"),
        (OfferState, rides_pb2.OfferState, "OFFER_STATE_"),
        (FareLineKind, rides_pb2.FareLineKind, "FARE_LINE_KIND_"),
        (Funding, rides_pb2.Funding, "FUNDING_"),
        (EditState, rides_pb2.EditState, "EDIT_STATE_"),
        (StopState, rides_pb2.StopState, "STOP_STATE_"),
        (StopAction, rides_pb2.PlanAction, "PLAN_ACTION_"),
        (RideKind, rides_pb2.RideKind, "RIDE_KIND_"),
        (Capability, rides_pb2.Capability, "CAPABILITY_"),
        (ItemSize, rides_pb2.ItemSize, "ITEM_SIZE_"),
        (ProofKind, rides_pb2.ProofKind, "PROOF_KIND_"),
        (DeliveryFailure, rides_pb2.DeliveryFailure, "DELIVERY_FAILURE_"),
    ],
)
def test_the_contract_and_the_domain_name_the_same_values(enum: type[Enum], contract: Any, prefix: str):
    assert {f"{prefix}{value.name}" for value in enum} == set(contract.keys()) - {f"{prefix}UNSPECIFIED"}


def test_a_ride_shows_its_pin_only_when_told_to_and_only_while_it_is_live():
    ride = a_ride()
    assert wire_rides.ride_message(ride).start_pin == ""
    assert wire_rides.ride_message(ride, with_pin=True).start_pin == "0042"
    ended = canceled_by_rider(ride, "", NOON)
    assert wire_rides.ride_message(ended, with_pin=True).start_pin == ""


def test_a_funding_that_is_not_told_is_a_card():
    assert wire.funding_from(rides_pb2.FUNDING_UNSPECIFIED) is Funding.CARD
    assert all(wire.funding_from(number) is funding for funding, number in wire.FUNDINGS.items())


def test_a_ride_shows_the_riders_name_to_the_driver_alone():
    assert wire_rides.ride_message(a_ride(), with_pin=True).rider_name == ""
    assert wire_rides.ride_message(a_ride(), with_rider_name=True).rider_name == "Ada"


def test_the_rider_s_note_is_the_driver_s_while_the_ride_lasts_and_nobody_else_s_by_default():
    bound = replace(a_ride(), note="by the fountain", state=RideState.DRIVER_EN_ROUTE)
    assert wire_rides.driver_ride_message(bound).note == "by the fountain"
    for state in (RideState.MATCHING, RideState.COMPLETED):
        assert wire_rides.driver_ride_message(replace(bound, state=state)).note == ""
    assert wire_rides.ride_message(bound, with_pin=True, with_rider_name=True).note == ""
    assert not any(
        "note" in message.DESCRIPTOR.fields_by_name for message in (rides_pb2.Offer, share_service_pb2.SharedRide)
    )


@pytest.mark.parametrize(
    ("fact", "message", "has_pin"),
    [
        (events.RideRequested, events_pb2.RideRequested, False),
        (events.RideScheduled, events_pb2.RideScheduled, False),
        (events.RideReminded, events_pb2.RideReminded, False),
        (events.RidePaymentFailed, events_pb2.RidePaymentFailed, False),
        (events.RideMatchingStarted, events_pb2.RideMatchingStarted, False),
        (events.RideAssigned, events_pb2.RideAssigned, True),
        (events.DriverArrived, events_pb2.DriverArrived, True),
        (events.TripStarted, events_pb2.TripStarted, False),
        (events.StopReached, events_pb2.StopReached, False),
        (events.StopLeft, events_pb2.StopLeft, False),
        (events.RideCompleted, events_pb2.RideCompleted, False),
        (events.DeliveryFailed, events_pb2.DeliveryFailed, False),
        (events.OrderReturned, events_pb2.OrderReturned, False),
        (events.RideCanceled, events_pb2.RideCanceled, False),
        (events.RideUnmatched, events_pb2.RideUnmatched, False),
        (events.RidePaymentSettled, events_pb2.RidePaymentSettled, False),
        (events.RideRatingDue, events_pb2.RideRatingDue, False),
    ],
)
def test_an_event_is_the_message_of_its_name_and_carries_the_pin_where_the_contract_says_so(
    fact: type[events.RideFact], message: type[Message], has_pin: bool
):
    event = fact(replace(a_ride(), note="by the fountain"), NOON)
    written = wire_events.event_message(event)
    assert isinstance(written, message)
    assert "fountain" not in str(written)
    assert bool(cast("Any", written).ride.start_pin) is has_pin
    assert (event.aggregate_id, event.aggregate_version) == (a_ride().id, 1)


def test_that_a_driver_is_arriving_tells_how_soon_and_the_pin_to_look_for():
    written = wire_events.event_message(events.DriverArriving(a_ride(), NOON, 95))
    assert isinstance(written, events_pb2.DriverArriving)
    assert (written.pickup_eta_seconds, written.ride.start_pin) == (95, "0042")


def test_the_phones_of_an_order_are_for_whoever_ordered_and_the_driver_while_it_lasts():
    ride = a_delivery()
    assert wire_rides.ride_message(ride, with_pin=True).delivery.order.recipient_phone == "+14155550122"
    assert wire_rides.ride_message(ride, with_rider_name=True).delivery.order.shop_phone == "+14155550111"
    assert "+1415" not in str(wire_rides.ride_message(ride))
    ended = canceled_by_platform(ride, "operator_canceled", "", NOON)
    assert "+1415" not in str(wire_rides.ride_message(ended, with_pin=True))
    assert "+1415" not in repr(ended)


@pytest.mark.parametrize("fact", [events.RideAssigned, events.DriverArrived, events.TripStarted, events.DeliveryFailed])
def test_no_event_carries_a_phone_number_and_the_recipients_pin_goes_with_the_start_alone(fact: type[events.RideFact]):
    written = wire_events.event_message(fact(a_delivery(), NOON))
    assert "+1415" not in str(written)
    assert ("0815" in str(written)) is (fact is events.TripStarted)


def test_the_recipients_pin_is_told_to_whoever_ordered_alone():
    assert wire_rides.ride_message(a_delivery(), with_pin=True).delivery.hand_over_pin == "0815"
    assert wire_rides.ride_message(a_delivery(), with_rider_name=True).delivery.hand_over_pin == ""


def test_a_matching_event_says_who_gave_the_ride_back():
    ride = replace(a_ride(), reason="driver_canceled")
    written = wire_events.event_message(events.RideMatchingStarted(ride, NOON, ride.rider_id))
    assert isinstance(written, events_pb2.RideMatchingStarted)
    assert written.rematching
    assert written.former_driver_id == str(ride.rider_id)


def test_a_page_token_that_is_not_ours_is_refused():
    ride_id = a_ride().id
    assert wire.before_from(wire.page_token(ride_id)) == ride_id
    assert wire.before_from("") is None
    with pytest.raises(InvalidInput) as refused:
        wire.before_from("zzz")
    assert refused.value.reason == "invalid_page_token"
