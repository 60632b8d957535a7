"""The tables of notification_service."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.database import new_metadata
from chassis.dead_letters import dead_letter_table
from chassis.inbox import inbox_table

metadata = new_metadata()

inbox_events = inbox_table(metadata)
CONSUMER = "notification"
"""Who takes events in here: the inbox may be several consumers'."""
dead_letters = dead_letter_table(metadata)

recipients = Table(
    "recipient",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("locale", Text, nullable=False),
)

notifications = Table(
    "notification",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    # Whatever is redelivered or asked for again, a message is owed once.
    Column("dedupe_key", Text, nullable=False),
    Column("fingerprint", LargeBinary),
    Column("account_id", Uuid),
    Column("topic", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("ride_id", Uuid),
    Column("ride_version", Integer, nullable=False, server_default=text("0")),
    Column("in_inbox", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    # The words by channel, written when the message was owed: {"push": {"title", "body"}, "email": {…, "html"}, …}.
    Column("contents", JSONB, nullable=False, server_default=text("'{}'")),
    Column("locale", Text, nullable=False, server_default=text("'en'")),
    # From what the words were made.
    Column("template", Text, nullable=False, server_default=text("''")),
    Column("template_version", Text, nullable=False, server_default=text("''")),
    # Of several with the same key a device shows the newest; empty: each by itself.
    Column("collapse_key", Text, nullable=False, server_default=text("''")),
    Column("live_type", Text, nullable=False),
    Column("live_data", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
    # When somebody showed that it was seen; what was to follow otherwise is dropped by then.
    Column("acknowledged_at", DateTime(timezone=True)),
    # Whose news it tells: once that is stopped, they are not sent any more.
    Column("campaign_id", Uuid),
    # The reader's day that a marketing message counts for.
    Column("marketing_on", Date),
    # What it was owed for: the trace that its deliveries show in, and when it happened.
    Column("traceparent", Text, nullable=False, server_default=text("''")),
    Column("happened_at", DateTime(timezone=True)),
    UniqueConstraint("dedupe_key"),
    CheckConstraint("priority BETWEEN 0 AND 3", "priority"),
    CheckConstraint("marketing_on IS NULL OR priority = 3", "marketing_on"),
    Index(
        "uq_notification_one_marketing_a_day",
        "account_id",
        "marketing_on",
        unique=True,
        postgresql_where=text("marketing_on IS NOT NULL"),
    ),
    Index("ix_notification_account", "account_id", "created_at"),
    CheckConstraint("account_id IS NOT NULL OR NOT in_inbox", "inbox_has_an_owner"),
    Index("ix_notification_inbox", "account_id", "created_at", "notification_id", postgresql_where=text("in_inbox")),
    Index(None, "created_at"),
    Index("ix_notification_ride", "ride_id", "created_at", postgresql_where=text("ride_id IS NOT NULL")),
)

deliveries = Table(
    "delivery",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notification.notification_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("account_id", Uuid),
    Column("ride_id", Uuid),
    Column("ride_version", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("device_id", Uuid),
    # Of the last attempt; receipts come with the message's id there.
    Column("provider", Text, nullable=False, server_default=text("''")),
    Column("provider_message_id", Text, nullable=False, server_default=text("''")),
    # Owed only if nobody has acknowledged the notification until its time: this row is the timer.
    Column("unless_acknowledged", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("notification_id", "channel", "target"),
    CheckConstraint("priority BETWEEN 0 AND 3", "priority"),
    CheckConstraint("state NOT IN ('dropped', 'failed') OR error <> ''", "reason"),
    Index(
        "ix_delivery_provider_message",
        "provider",
        "provider_message_id",
        postgresql_where=text("provider_message_id <> ''"),
    ),
    Index("ix_delivery_failed", "finished_at", "delivery_id", postgresql_where=text("state = 'failed'")),
    Index("ix_delivery_device", "device_id", postgresql_where=text("state = 'pending' AND device_id IS NOT NULL")),
    CheckConstraint("channel IN ('inbox', 'stream', 'push', 'sms', 'voice', 'email')", "channel"),
    CheckConstraint("state IN ('pending', 'sent', 'dropped', 'failed')", "state"),
    CheckConstraint("(state = 'pending') = (finished_at IS NULL)", "finished"),
    Index("ix_delivery_due", "channel", "priority", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    Index(
        "ix_delivery_order", "ride_id", "channel", "target", "ride_version", postgresql_where=text("ride_version > 0")
    ),
)

delivery_events = Table(
    "delivery_event",
    metadata,
    Column("delivery_event_id", BigInteger, Identity(always=True), primary_key=True),
    Column("delivery_id", Uuid, ForeignKey("delivery.delivery_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("provider", Text, nullable=False, server_default=text("''")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    CheckConstraint(
        "kind IN ('accepted', 'throttled', 'unavailable', 'unknown', 'unregistered', 'refused', 'failed_over', "
        "'delivered', 'undelivered', 'replayed')",
        "kind",
    ),
)

provider_health = Table(
    "provider_health",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("open_until", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('closed', 'open', 'half_open')", "state"),
    CheckConstraint("(state = 'closed') = (open_until IS NULL)", "open_has_an_end"),
)
