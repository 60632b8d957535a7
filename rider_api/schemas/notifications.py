"""Notifications and what became of their deliveries."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    NotificationId,
    OpenEnum,
    Parameters,
    Timestamp,
    public_id,
    public_id_or_none,
    timestamp,
)
from ridesharing.notification.v1 import notification_service_pb2, notifications_pb2

CHANNELS = OpenEnum(notifications_pb2.Channel.items(), "CHANNEL")
DELIVERY_STATES = OpenEnum(notifications_pb2.DeliveryState.items(), "DELIVERY_STATE")


class NotificationPath(Parameters):
    """Names a notification."""

    notification_id: NotificationId


class Notification(Answer):
    """A message in a person's inbox."""

    id: str = Field(examples=["ntf_01h4556qpqexqvskwzpczs00jq"])
    topic: str = Field(examples=["ride_assigned"])
    title: str
    body: str
    ride_id: str | None
    created_at: Timestamp
    read_at: Timestamp | None


class Notifications(Answer):
    """A page of the inbox, newest first."""

    items: list[Notification]
    next_cursor: str | None


def notification(message: notifications_pb2.Notification) -> Notification:
    """Convert a notification."""
    return Notification(
        id=public_id("ntf", message.notification_id),
        topic=message.topic,
        title=message.title,
        body=message.body,
        ride_id=public_id_or_none("ride", message.ride_id),
        created_at=timestamp(message.create_time),
        read_at=timestamp(message.read_time) if message.HasField("read_time") else None,
    )


class DeliveryCount(Answer):
    """How many deliveries of a channel stand in a state."""

    channel: str = Field(examples=["stream"])
    state: str = Field(examples=["sent"])
    count: int


class DeliverySummary(Answer):
    """What was owed since a time and what became of it."""

    deliveries: list[DeliveryCount]
    notification_count: int


def delivery_summary(message: notification_service_pb2.SummarizeDeliveriesResponse) -> DeliverySummary:
    """Convert a summary."""
    return DeliverySummary(
        deliveries=[
            DeliveryCount(channel=CHANNELS.text(item.channel), state=DELIVERY_STATES.text(item.state), count=item.count)
            for item in message.deliveries
        ],
        notification_count=message.notification_count,
    )
