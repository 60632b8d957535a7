"""A delivery: one message on one channel, tried until it is sent, has outlived itself or has failed too often."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)

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
    """A claimed delivery: what it carries, where to, and the how-manieth attempt this is."""

    delivery_id: UUID
    attempts: int
    message: Outgoing
    target: Target


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    state: DeliveryState
    next_attempt_at: datetime | None = None
    error: str = ""


def after_sending(delivery: DueDelivery, result: SendResult, now: datetime, jitter: random.Random) -> Outcome:
    """Decide what follows an attempt: wait 1, 2, 4, 8 … s with jitter, or as the provider asked, while it lives."""
    match result:
        case Accepted():
            return Outcome(DeliveryState.SENT)
        case Refused(reason) | Unregistered(reason):
            return Outcome(DeliveryState.FAILED, error=reason)
        case Throttled(reason, asked) | Unavailable(reason, asked):
            retry_after_seconds = asked or 0.0
        case Unknown(reason):
            retry_after_seconds = 0.0
    if delivery.attempts >= MAX_ATTEMPTS:
        return Outcome(DeliveryState.FAILED, error=reason)
    wait = min(_LONGEST_WAIT_SECONDS, 2.0 ** (delivery.attempts - 1)) * jitter.uniform(0.75, 1.25)
    next_attempt_at = now + timedelta(seconds=max(wait, retry_after_seconds))
    if next_attempt_at >= delivery.message.expires_at:
        return Outcome(DeliveryState.FAILED, error=f"{reason}; its time ends before the next try")
    return Outcome(DeliveryState.PENDING, next_attempt_at, reason)
