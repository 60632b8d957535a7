"""What became of a message, as an operator is told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryEvent, DeliveryState
from notification_service.domain.inbox_item import InboxItem

EVENTS_KEPT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    """One way a message went, or was to go."""

    delivery_id: UUID
    channel: Channel
    state: DeliveryState
    target: str
    attempts: int
    provider: str
    reason: str
    unless_acknowledged: bool
    next_attempt_at: datetime
    finished_at: datetime | None
    events: Sequence[DeliveryEvent] = ()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One message owed, with its deliveries."""

    item: InboxItem
    priority: Priority
    expires_at: datetime
    acknowledged_at: datetime | None
    deliveries: Sequence[DeliveryStory]


@dataclass(frozen=True, slots=True)
class RideMessage:
    """A message that was owed for a ride, without its words; `trace_id` is empty where it was owed in no trace."""

    notification_id: UUID
    account_id: UUID | None
    topic: str
    created_at: datetime
    acknowledged_at: datetime | None
    trace_id: str
    deliveries: Sequence[DeliveryStory]


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that was given up, and whose it is."""

    story: DeliveryStory
    notification_id: UUID
    topic: str
    account_id: UUID | None
