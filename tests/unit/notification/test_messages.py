"""Who is told what, by which channels."""

from __future__ import annotations

from uuid import UUID

import pytest

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Fact, Happening, RatingFact, ShiftFact
from notification_service.domain.messages import Message, messages_for
from shared_kernel.money import Money
from tests.unit.notification.samples import (
    DRIVER,
    DRIVER_FACTS,
    RIDE,
    RIDE_HAPPENINGS,
    RIDER,
    offer_fact,
    receipt_fact,
    ride_fact,
)


def to(account: object, fact: Fact) -> Message:
    """Return the one message of a fact that goes to an account."""
    [message] = [message for message in messages_for(fact) if message.account_id == account]
    return message


def test_a_swap_is_told_to_the_rider_and_to_both_drivers() -> None:
    former = UUID(int=77)
    told = messages_for(ride_fact(Happening.RIDE_DRIVER_SWAPPED, former_driver_id=former))
    assert [(message.account_id, message.template) for message in told] == [
        (RIDER, "rider_ride_driver_swapped"),
        (DRIVER, "driver_ride_driver_swapped"),
        (former, "driver_ride_taken_over"),
    ]
    assert "start_pin" not in told[2].live_data


BEFORE_A_DRIVER = {"ride_requested", "ride_scheduled", "ride_reminded", "ride_payment_failed", "ride_matching"}


@pytest.mark.parametrize("happening", RIDE_HAPPENINGS)
def test_every_change_of_a_ride_reaches_its_people_on_the_stream(happening: Happening) -> None:
    gone = happening in (Happening.RIDE_REMATCHING, Happening.RIDE_UNMATCHED)
    fact = ride_fact(happening, driver=None, former_driver_id=DRIVER) if gone else ride_fact(happening)
    messages = messages_for(fact)
    alone = happening in BEFORE_A_DRIVER or happening in (Happening.RIDE_UNMATCHED, Happening.DRIVER_ARRIVING)
    assert {message.account_id for message in messages} == ({RIDER} if alone else {RIDER, DRIVER})
    assert all(message.live_type == "ride_updated" and Channel.STREAM in message.channels for message in messages)


def test_the_start_pin_is_told_to_the_rider_alone() -> None:
    fact = ride_fact(Happening.RIDE_ASSIGNED)
    assert to(RIDER, fact).live_data["start_pin"] == "4821"
    assert "4821" not in str(to(DRIVER, fact))


def test_an_assignment_is_told_in_words_with_pin_and_plate() -> None:
    message = to(RIDER, ride_fact(Happening.RIDE_ASSIGNED))
    assert message.template == "rider_ride_assigned"
    assert message.channels == (Channel.INBOX, Channel.STREAM, Channel.PUSH, Channel.SMS)
    assert message.context["plate"] == "7ABC123"
    assert message.context["pickup_eta_minutes"] == 3


def test_that_the_driver_is_arriving_is_shown_and_pushed_with_how_soon() -> None:
    message = to(RIDER, ride_fact(Happening.DRIVER_ARRIVING, pickup_eta_seconds=110))
    assert message.channels == (Channel.STREAM, Channel.PUSH)
    assert (message.context["pickup_eta_minutes"], message.live_data["pickup_eta_seconds"]) == (2, 110)
    assert message.collapse_key == to(RIDER, ride_fact(Happening.DRIVER_ARRIVED)).collapse_key


def test_a_reminder_to_rate_is_marketing_and_no_news_of_the_ride() -> None:
    [message] = messages_for(RatingFact(Happening.RIDE_RATING_DUE, RIDE, RIDER, DRIVER_FACTS))
    assert (message.account_id, message.priority, message.ride_id) == (RIDER, Priority.MARKETING, RIDE)
    assert message.channels == (Channel.INBOX, Channel.STREAM, Channel.PUSH)
    assert (message.ride_version, message.live_type) == (0, "")
    assert message.context["driver_name"] == "Ana"


def test_a_ride_without_a_driver_is_told_to_the_rider_alone() -> None:
    assert [m.account_id for m in messages_for(ride_fact(Happening.RIDE_UNMATCHED, driver=None))] == [RIDER]


def test_a_driver_whose_ride_went_away_is_told() -> None:
    fact = ride_fact(Happening.RIDE_CANCELED, driver=None, former_driver_id=DRIVER, state="canceled_by_rider")
    assert to(DRIVER, fact).template == "driver_ride_canceled"


def test_a_rider_who_canceled_for_free_is_not_told_in_words_what_they_did() -> None:
    fact = ride_fact(Happening.RIDE_CANCELED, state="canceled_by_rider", fee=Money("USD", 0))
    assert to(RIDER, fact).template == ""


def test_the_fee_of_a_late_cancel_is_told() -> None:
    fact = ride_fact(Happening.RIDE_CANCELED, state="canceled_by_rider", fee=Money("USD", 500))
    assert to(RIDER, fact).context["fee"] == Money("USD", 500)


def test_an_offer_goes_to_its_driver_and_dies_with_the_offer() -> None:
    fact = offer_fact()
    [message] = messages_for(fact)
    assert (message.account_id, message.channels, message.expires_at) == (
        DRIVER,
        (Channel.STREAM, Channel.PUSH),
        fact.expires_at,
    )


def test_that_an_offer_is_over_is_told_after_its_time() -> None:
    [message] = messages_for(offer_fact(Happening.OFFER_CLOSED))
    assert (message.live_type, message.expires_at) == ("offer_closed", None)


def test_a_receipt_is_money_and_stands_in_the_inbox() -> None:
    [message] = messages_for(receipt_fact())
    assert (message.account_id, message.priority) == (RIDER, Priority.MONEY)
    assert message.channels == (Channel.INBOX, Channel.STREAM, Channel.EMAIL)
    # Its version counts the payment's changes, not the ride's: it waits for no news of the ride.
    assert message.ride_version == 0


@pytest.mark.parametrize("reason", ["silent", "break_over"])
def test_a_driver_who_was_taken_offline_is_told(reason: str) -> None:
    [message] = messages_for(ShiftFact(Happening.SHIFT_ENDED, DRIVER, reason))
    assert (message.account_id, message.template, message.ride_id) == (DRIVER, "driver_shift_ended", None)
    assert message.channels == (Channel.INBOX, Channel.STREAM, Channel.PUSH)


@pytest.mark.parametrize("reason", ["asked", "last_ride", "not_approved", "unspecified"])
def test_a_driver_who_went_offline_is_not_told_so(reason: str) -> None:
    assert messages_for(ShiftFact(Happening.SHIFT_ENDED, DRIVER, reason)) == []
