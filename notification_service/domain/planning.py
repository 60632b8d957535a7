"""From a message and what is known of its reader to the deliveries that are planned, and those that are not, with why.

What is not sent is planned all the same, as dropped with a reason: whoever asks why somebody was not told finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.preferences import SUBJECT_OF, QuietHours, Subject, keeps_quiet


@dataclass(frozen=True, slots=True)
class Reader:
    """What decides how a person is reached. `device_ids` are those with a live token."""

    device_ids: Sequence[UUID] = ()
    unwanted: frozenset[tuple[Subject, Channel]] = frozenset()
    quiet_hours: QuietHours | None = None
    suppressed: frozenset[Channel] = frozenset()
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery as it will be stored."""

    channel: Channel
    target: str
    state: DeliveryState
    next_attempt_at: datetime
    device_id: UUID | None = None
    unless_acknowledged: bool = False
    reason: str = ""
    claimed_until: datetime | None = None
    """It is sent by who stores it, unless something else of its ride is on its way."""


def plan(
    legs: Sequence[Leg],
    account_id: UUID,
    priority: Priority,
    reader: Reader,
    now: datetime,
    expires_at: datetime,
    *,
    over_budget: bool = False,
) -> list[Planned]:
    """Plan the deliveries of one message; `over_budget` is marketing beyond the one a day."""
    planned: list[Planned] = []
    for leg in legs:
        for target, device_id in _targets(leg.channel, account_id, reader):
            at, reason = _when(leg, priority, reader, now, expires_at, over_budget=over_budget)
            if leg.channel is Channel.PUSH and device_id is None:
                reason = reason or "no_device"
            if leg.channel is Channel.INBOX:
                state = DeliveryState.SENT
            else:
                state = DeliveryState.DROPPED if reason else DeliveryState.PENDING
            planned.append(
                Planned(
                    channel=leg.channel,
                    target=target,
                    state=state,
                    next_attempt_at=at,
                    device_id=device_id,
                    unless_acknowledged=leg.unless_acknowledged_within is not None,
                    reason="" if leg.channel is Channel.INBOX else reason,
                )
            )
    return planned


def _targets(channel: Channel, account_id: UUID, reader: Reader) -> list[tuple[str, UUID | None]]:
    if channel is Channel.PUSH and reader.device_ids:
        return [(str(device_id), device_id) for device_id in reader.device_ids]
    return [(str(account_id), None)]


def _when(
    leg: Leg, priority: Priority, reader: Reader, now: datetime, expires_at: datetime, *, over_budget: bool
) -> tuple[datetime, str]:
    at = now + (leg.unless_acknowledged_within or timedelta())
    if over_budget:
        return at, "one_marketing_a_day"
    if (SUBJECT_OF[priority], leg.channel) in reader.unwanted:
        return at, "not_wanted"
    # A code or a call for help is tried even where the last message bounced.
    if leg.channel in reader.suppressed and priority is not Priority.SECURITY:
        return at, "suppressed"
    if at >= expires_at:
        return at, "expired"
    if keeps_quiet(priority, leg.channel) and reader.quiet_hours is not None:
        at = reader.quiet_hours.end_after(at) or at
        if at >= expires_at:
            return at, "quiet_hours"
    return at, ""
