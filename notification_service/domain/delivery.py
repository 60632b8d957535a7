"""A delivery: one message on one channel, tried until it is sent, has outlived itself or has failed too often."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notification_service.domain.messages import Channel, Priority

MAX_ATTEMPTS = 8
_LONGEST_WAIT_SECONDS = 120.0


class DeliveryState(StrEnum):
    """Where a delivery stands; all but pending are ends."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A claimed delivery and what it carries. `target` is an account's id or a phone number."""

    delivery_id: UUID
    notification_id: UUID
    channel: Channel
    target: str
    priority: Priority
    attempts: int
    expires_at: datetime
    live_type: str
    live_data: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    state: DeliveryState
    next_attempt_at: datetime | None = None
    error: str = ""


class DeliveryFailed(Exception):
    """The channel did not take the message.

    `permanent` is for what no further try can mend; `retry_after_seconds` is what the provider asked for.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


def after_failure(delivery: DueDelivery, failure: DeliveryFailed, now: datetime, jitter: random.Random) -> Outcome:
    """Decide what follows a failure: wait 1, 2, 4, 8 … s with jitter, or as the provider asked, while it lives."""
    if failure.permanent or delivery.attempts >= MAX_ATTEMPTS:
        return Outcome(DeliveryState.FAILED, error=failure.reason)
    wait = min(_LONGEST_WAIT_SECONDS, 2.0 ** (delivery.attempts - 1)) * jitter.uniform(0.75, 1.25)
    next_attempt_at = now + timedelta(seconds=max(wait, failure.retry_after_seconds or 0.0))
    if next_attempt_at >= delivery.expires_at:
        return Outcome(DeliveryState.FAILED, error=f"{failure.reason}; its time ends before the next try")
    return Outcome(DeliveryState.PENDING, next_attempt_at, failure.reason)
