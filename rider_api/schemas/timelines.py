"""What became of messages, for operators."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    DeliveryId,
    PageQuery,
    Parameters,
    Request,
    Timestamp,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.notifications import CHANNELS, DELIVERY_STATES, Notification, notification
from ridesharing.notification.v1 import delivery_service_pb2

_PRIORITIES = ("security", "trips", "money", "marketing")


class TimelineQuery(PageQuery):
    """Whose."""

    account_id: AccountId


class DeliveryPath(Parameters):
    """Names a delivery."""

    delivery_id: DeliveryId


class DeliveryEvent(Answer):
    """What a provider said, at the time or later by a receipt."""

    at: Timestamp
    kind: str = Field(examples=["accepted"])
    provider: str = Field(examples=["sms"])
    detail: str


class MessageDelivery(Answer):
    """One way a message went, or was to go."""

    id: str = Field(examples=["dlv_01h4556qpqexqvskwzpczs00jq"])
    channel: str = Field(examples=["push"])
    state: str = Field(examples=["dropped"])
    target: str = Field(description="An account, a device, or the end of a number.")
    attempts: int
    provider: str | None
    reason: str | None = Field(
        examples=["expired"], description="Why it was dropped or failed, or what went wrong last."
    )
    unless_acknowledged: bool
    next_at: Timestamp | None
    finished_at: Timestamp | None
    events: list[DeliveryEvent]


class TimelineEntry(Answer):
    """One message owed, with its deliveries."""

    notification: Notification
    priority: str = Field(examples=["trips"])
    expires_at: Timestamp
    acknowledged_at: Timestamp | None
    deliveries: list[MessageDelivery]


class Timeline(Answer):
    """A page of what a person was owed, newest first."""

    items: list[TimelineEntry]
    next_cursor: str | None


class GivenUpDelivery(Answer):
    """A delivery that was given up, and whose it is."""

    delivery: MessageDelivery
    notification_id: str
    topic: str
    account_id: str | None


class FailedDeliveries(Answer):
    """A page of them, the latest first."""

    items: list[GivenUpDelivery]
    next_cursor: str | None


class ProviderHealth(Answer):
    """How a provider stood at its last change."""

    provider: str
    state: str = Field(examples=["open"])
    failures: int
    open_until: Timestamp | None
    error: str
    changed_at: Timestamp


class Providers(Answer):
    """The providers that ever failed."""

    items: list[ProviderHealth]


SuppressedChannel = Literal["sms", "voice", "email"]


class SuppressionQuery(PageQuery):
    """Whose; all people's if left out."""

    account_id: AccountId | None = None


class SuppressionLift(Request):
    """Names an address that is to be written to again."""

    account_id: AccountId
    channel: SuppressedChannel = Field(examples=["email"])
    reason: str = Field(min_length=1, max_length=200, description="For the record.", examples=["the mailbox is well"])


class Suppression(Answer):
    """A person's address of a channel that is not written to any more."""

    account_id: str
    channel: str = Field(examples=["email"])
    reason: str = Field(examples=["smtp_no_mailbox"], description="What was said of the address.")
    provider: str = Field(description="Who said it.", examples=["email"])
    suppressed_at: Timestamp


class Suppressions(Answer):
    """A page of them, the latest first."""

    items: list[Suppression]
    next_cursor: str | None


class LiftedSuppression(Answer):
    """A suppression as it was, and who lifted it why."""

    suppression: Suppression
    lifted_at: Timestamp
    operator_id: str
    reason: str


class LiftedSuppressions(Answer):
    """A page of what was lifted, the latest first."""

    items: list[LiftedSuppression]
    next_cursor: str | None


def delivery(message: delivery_service_pb2.Delivery) -> MessageDelivery:
    """Convert a delivery."""
    return MessageDelivery(
        id=public_id("dlv", message.delivery_id),
        channel=CHANNELS.text(message.channel),
        state=DELIVERY_STATES.text(message.state),
        target=message.target,
        attempts=message.attempts,
        provider=message.provider or None,
        reason=message.reason or None,
        unless_acknowledged=message.unless_acknowledged,
        next_at=timestamp(message.next_time) if message.HasField("next_time") else None,
        finished_at=timestamp(message.finish_time) if message.HasField("finish_time") else None,
        events=[
            DeliveryEvent(at=timestamp(event.time), kind=event.kind, provider=event.provider, detail=event.detail)
            for event in message.events
        ],
    )


def timeline_entry(message: delivery_service_pb2.TimelineEntry) -> TimelineEntry:
    """Convert an entry."""
    acknowledged = message.HasField("acknowledge_time")
    known = 0 <= message.priority < len(_PRIORITIES)
    return TimelineEntry(
        notification=notification(message.notification),
        priority=_PRIORITIES[message.priority] if known else "unknown",
        expires_at=timestamp(message.expire_time),
        acknowledged_at=timestamp(message.acknowledge_time) if acknowledged else None,
        deliveries=[delivery(each) for each in message.deliveries],
    )


def failed_delivery(message: delivery_service_pb2.FailedDelivery) -> GivenUpDelivery:
    """Convert a failed delivery."""
    return GivenUpDelivery(
        delivery=delivery(message.delivery),
        notification_id=public_id("ntf", message.notification_id),
        topic=message.topic,
        account_id=public_id_or_none("acct", message.account_id),
    )


def provider_health(message: delivery_service_pb2.ProviderHealth) -> ProviderHealth:
    """Convert a provider's health."""
    is_open = message.HasField("open_until_time")
    return ProviderHealth(
        provider=message.provider,
        state=message.state,
        failures=message.failures,
        open_until=timestamp(message.open_until_time) if is_open else None,
        error=message.error,
        changed_at=timestamp(message.change_time),
    )


def suppression(message: delivery_service_pb2.Suppression) -> Suppression:
    """Convert a suppression."""
    return Suppression(
        account_id=public_id("acct", message.account_id),
        channel=CHANNELS.text(message.channel),
        reason=message.reason,
        provider=message.provider,
        suppressed_at=timestamp(message.suppress_time),
    )


def lifted_suppression(message: delivery_service_pb2.LiftedSuppression) -> LiftedSuppression:
    """Convert what was lifted."""
    return LiftedSuppression(
        suppression=suppression(message.suppression),
        lifted_at=timestamp(message.lift_time),
        operator_id=public_id("acct", message.operator_id),
        reason=message.reason,
    )
