"""A delivery: one message on one channel, tried until it is sent, has outlived itself or has failed too often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notification_service.domain.preferences import QuietHours
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
    """Where a delivery stands; all but pending are ends, though a failed one may be replayed."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A claimed delivery: what it carries, where to, and the how-manieth attempt this is.

    `moot_because` names why it is not to be sent any more: acknowledged, superseded, collapsed, device_removed,
    campaign_stopped, not_wanted. `quiet_hours` are its reader's, where they hold for it.
    """

    delivery_id: UUID
    attempts: int
    message: Outgoing
    target: Target
    account_id: UUID | None = None
    device_id: UUID | None = None
    last_provider: str = ""
    moot_because: str = ""
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    state: DeliveryState
    next_attempt_at: datetime | None = None
    error: str = ""
    dead_target: bool = False
    """Nothing will reach this token or address again."""
    uncounted: bool = False
    """No provider was asked: it does not count as an attempt."""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """What a provider said to a delivery, at the time or later by a receipt."""

    kind: str
    happened_at: datetime
    provider: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: which provider was asked last, what was said, what follows."""

    due: DueDelivery
    outcome: Outcome
    provider: str = ""
    provider_message_id: str = ""
    events: Sequence[DeliveryEvent] = field(default=())


def instead_of_sending(delivery: DueDelivery, now: datetime) -> Outcome | None:
    """Decide what becomes of a claimed delivery that is not to be sent now; None where it is.

    Quiet hours that began while it waited are waited for; it is dropped where it does not live to see their end.
    """
    if delivery.moot_because:
        return Outcome(DeliveryState.DROPPED, error=delivery.moot_because)
    if now >= delivery.message.expires_at:
        return Outcome(DeliveryState.DROPPED, error="expired")
    until = delivery.quiet_hours.end_after(now) if delivery.quiet_hours else None
    if until is None:
        return None
    if until >= delivery.message.expires_at:
        return Outcome(DeliveryState.DROPPED, error="quiet_hours")
    return Outcome(DeliveryState.PENDING, until, "quiet_hours", uncounted=True)


def after_sending(delivery: DueDelivery, result: SendResult, now: datetime, jitter: random.Random) -> Outcome:
    """Decide what follows an attempt: wait 1, 2, 4, 8 … s with jitter, or as the provider asked, while it lives."""
    match result:
        case Accepted():
            return Outcome(DeliveryState.SENT)
        case Refused(reason):
            return Outcome(DeliveryState.FAILED, error=reason)
        case Unregistered(reason):
            return Outcome(DeliveryState.FAILED, error=reason, dead_target=True)
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


def put_off(delivery: DueDelivery, until: datetime, jitter: random.Random) -> Outcome:
    """Wait for a provider: all of the channel's are being left alone. Spread a little, so that they do not all come."""
    next_attempt_at = until + timedelta(seconds=jitter.uniform(0.0, 1.0))
    if next_attempt_at >= delivery.message.expires_at:
        return Outcome(DeliveryState.FAILED, error="no_provider; its time ends before one is tried again")
    return Outcome(DeliveryState.PENDING, next_attempt_at, "no_provider", uncounted=True)
