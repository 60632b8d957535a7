"""The wire and the domain know the same channels, states and words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.facts import Happening, OfferFact, PersonFact, RideFact
from notification_service.entrypoints.facts import FACT_TYPES, fact_from
from notification_service.entrypoints.grpc_servicer import CHANNEL_TO_WIRE, STATE_TO_WIRE
from notification_service.entrypoints.times import moment_from
from ridesharing.identity.v1 import document_service_pb2
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching
from ridesharing.matching.v1 import rides_pb2
from ridesharing.notification.v1 import notifications_pb2
from shared_kernel.errors import InvalidInput
from tests.unit.notification.samples import DRIVER, OFFER, RIDE, RIDER

LAST_DAY = date(2030, 2, 28)


@pytest.mark.parametrize(
    ("ours", "wire", "prefix"),
    [
        (CHANNEL_TO_WIRE, notifications_pb2.Channel, "CHANNEL_"),
        (STATE_TO_WIRE, notifications_pb2.DeliveryState, "DELIVERY_STATE_"),
    ],
    ids=["channel", "delivery state"],
)
def test_a_word_of_ours_is_the_same_word_on_the_wire_and_none_is_missing(ours: Any, wire: Any, prefix: str) -> None:
    names = {word.value: wire.Name(number).removeprefix(prefix).lower() for word, number in ours.items()}
    assert all(word == name for word, name in names.items())
    assert set(names) | {"unspecified"} == {name.removeprefix(prefix).lower() for name in wire.keys()}  # noqa: SIM118 (an enumeration's wrapper is no dict)


def test_every_channel_and_delivery_state_has_a_number_on_the_wire() -> None:
    assert set(CHANNEL_TO_WIRE) == set(Channel)
    assert set(STATE_TO_WIRE) == set(DeliveryState)


def ride_in(state: int, payment_state: int) -> rides_pb2.Ride:
    return rides_pb2.Ride(
        ride_id=str(RIDE),
        rider_id=str(RIDER),
        state=rides_pb2.RideState.ValueType(state),
        payment_state=rides_pb2.PaymentState.ValueType(payment_state),
    )


@pytest.mark.parametrize(("name", "number"), [item for item in rides_pb2.RideState.items() if item[1]])
def test_every_state_of_a_ride_is_told_by_its_public_word(name: str, number: int) -> None:
    fact = fact_from(matching.TripStarted(ride=ride_in(number, rides_pb2.PAYMENT_STATE_HELD)), 1)
    assert isinstance(fact, RideFact)
    assert fact.state == name.removeprefix("RIDE_STATE_").lower()


@pytest.mark.parametrize(("name", "number"), [item for item in rides_pb2.PaymentState.items() if item[1]])
def test_every_state_of_a_payment_is_told_by_its_public_word(name: str, number: int) -> None:
    fact = fact_from(matching.TripStarted(ride=ride_in(rides_pb2.RIDE_STATE_COMPLETED, number)), 1)
    assert isinstance(fact, RideFact)
    assert fact.payment_state == name.removeprefix("PAYMENT_STATE_").lower()


@pytest.mark.parametrize(("name", "number"), [item for item in rides_pb2.OfferState.items() if item[1]])
def test_every_state_of_an_offer_is_told_by_its_public_word(name: str, number: int) -> None:
    offer = rides_pb2.Offer(
        offer_id=str(OFFER),
        ride_id=str(RIDE),
        driver_id=str(DRIVER),
        state=rides_pb2.OfferState.ValueType(number),
    )
    fact = fact_from(matching.OfferClosed(offer=offer), 1)
    assert isinstance(fact, OfferFact)
    assert fact.public["state"] == name.removeprefix("OFFER_STATE_").lower()


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (rides_pb2.FUNDING_UNSPECIFIED, "card"),
        (rides_pb2.FUNDING_CARD, "card"),
        (rides_pb2.FUNDING_WALLET, "wallet"),
        (rides_pb2.FUNDING_CASH, "cash"),
    ],
)
def test_a_funding_is_told_by_its_public_word(number: rides_pb2.Funding.ValueType, word: str) -> None:
    ride = ride_in(rides_pb2.RIDE_STATE_COMPLETED, rides_pb2.PAYMENT_STATE_HELD)
    ride.funding = number
    fact = fact_from(matching.RideCompleted(ride=ride), 1)
    assert isinstance(fact, RideFact)
    assert fact.funding == word
    offer = rides_pb2.Offer(offer_id=str(OFFER), ride_id=str(RIDE), driver_id=str(DRIVER), funding=number)
    made = fact_from(matching.OfferCreated(offer=offer), 1)
    assert isinstance(made, OfferFact)
    assert made.public["funding"] == word


def test_every_event_that_somebody_is_told_of_is_a_fact() -> None:
    not_told = {"ShiftStarted", "ShiftChanged", "RideShared"}
    names = set(matching.DESCRIPTOR.message_types_by_name) - not_told
    of_identity = {"DriverStatusChanged", "NewDeviceSignedIn", "RefreshTokenReused", "DocumentExpiring"}
    of_payment = {"PaymentCaptured", "RefundPaid", "RefundFailed", "DriverStandingChanged"}
    of_payment |= {"ChargeCollected", "PayoutPaid", "PayoutFailed"}
    assert {cls.DESCRIPTOR.name for cls in FACT_TYPES} == names | of_payment | of_identity


def test_a_document_that_expires_is_told_by_its_public_word_and_its_last_day() -> None:
    event = identity.DocumentExpiring(
        driver_id=str(DRIVER), kind=document_service_pb2.DOCUMENT_KIND_VEHICLE_INSURANCE, expire_date="2030-02-28"
    )
    fact = fact_from(event, 1)
    assert fact == PersonFact(Happening.DOCUMENT_EXPIRING, DRIVER, document="vehicle_insurance", expires_on=LAST_DAY)


def test_a_moment_that_no_calendar_holds_is_refused_by_name() -> None:
    for seconds in (-(10**12), 10**12):
        with pytest.raises(InvalidInput) as caught:
            moment_from(Timestamp(seconds=seconds), "since_time")
        assert (caught.value.reason, caught.value.violations[0].field) == ("invalid_argument", "since_time")
