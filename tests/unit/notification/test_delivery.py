"""What follows a failed attempt."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import uuid4

import pytest

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import MAX_ATTEMPTS, DeliveryState, DueDelivery, after_sending
from notification_service.domain.sending import (
    Content,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)
from tests.unit.notification.samples import NOON


def delivery(attempts: int, lives_seconds: float = 3600) -> DueDelivery:
    """Return an SMS in its n-th attempt."""
    message = Outgoing(
        uuid4(),
        Channel.SMS,
        "one_time_code",
        Priority.SECURITY,
        NOON + timedelta(seconds=lives_seconds),
        Content(body="words"),
    )
    return DueDelivery(uuid4(), attempts, message, Target("+14155550100"))


def wait_seconds(attempts: int, result: SendResult) -> float:
    """Return how long after a failure the next attempt is."""
    outcome = after_sending(delivery(attempts), result, NOON, random.Random(7))
    assert outcome.next_attempt_at is not None
    return (outcome.next_attempt_at - NOON).total_seconds()


def test_waits_double_within_their_jitter() -> None:
    for attempts, nominal in ((1, 1), (2, 2), (3, 4), (4, 8)):
        assert 0.75 * nominal <= wait_seconds(attempts, Unavailable("sms_unavailable")) <= 1.25 * nominal


def test_a_provider_that_asks_for_patience_gets_it() -> None:
    assert wait_seconds(1, Throttled("sms_throttled", retry_after_seconds=30)) == 30


@pytest.mark.parametrize("result", [Refused("sms_refused_21211"), Unregistered("sms_unsubscribed")])
def test_a_refusal_for_good_is_not_tried_again(result: SendResult) -> None:
    outcome = after_sending(delivery(1), result, NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED


def test_tries_are_bounded() -> None:
    outcome = after_sending(delivery(MAX_ATTEMPTS), Unknown("sms_unanswered"), NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED


def test_no_try_is_planned_beyond_the_message_s_life() -> None:
    outcome = after_sending(delivery(5, lives_seconds=3), Unavailable("sms_unavailable"), NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED
    assert outcome.next_attempt_at is None
