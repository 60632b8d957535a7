"""What follows a failed attempt."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import uuid4

from notification_service.domain.delivery import MAX_ATTEMPTS, DeliveryFailed, DeliveryState, DueDelivery, after_failure
from notification_service.domain.messages import Channel, Priority
from tests.unit.notification.samples import NOON


def delivery(attempts: int, lives_seconds: float = 3600) -> DueDelivery:
    """Return an SMS in its n-th attempt."""
    return DueDelivery(
        uuid4(),
        uuid4(),
        Channel.SMS,
        "+14155550100",
        Priority.SECURITY,
        attempts,
        NOON + timedelta(seconds=lives_seconds),
        "",
        "",
        "words",
    )


def wait_seconds(attempts: int, failure: DeliveryFailed) -> float:
    """Return how long after a failure the next attempt is."""
    outcome = after_failure(delivery(attempts), failure, NOON, random.Random(7))
    assert outcome.next_attempt_at is not None
    return (outcome.next_attempt_at - NOON).total_seconds()


def test_waits_double_within_their_jitter() -> None:
    for attempts, nominal in ((1, 1), (2, 2), (3, 4), (4, 8)):
        assert 0.75 * nominal <= wait_seconds(attempts, DeliveryFailed("sms_unavailable")) <= 1.25 * nominal


def test_a_provider_that_asks_for_patience_gets_it() -> None:
    assert wait_seconds(1, DeliveryFailed("sms_throttled", retry_after_seconds=30)) == 30


def test_a_refusal_for_good_is_not_tried_again() -> None:
    outcome = after_failure(delivery(1), DeliveryFailed("sms_refused_400", permanent=True), NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED


def test_tries_are_bounded() -> None:
    outcome = after_failure(delivery(MAX_ATTEMPTS), DeliveryFailed("sms_unavailable"), NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED


def test_no_try_is_planned_beyond_the_message_s_life() -> None:
    outcome = after_failure(delivery(5, lives_seconds=3), DeliveryFailed("sms_unavailable"), NOON, random.Random(7))
    assert outcome.state is DeliveryState.FAILED
    assert outcome.next_attempt_at is None
