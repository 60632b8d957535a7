"""The tables of notification_service."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
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
    # Of several with the same key a device shows the newest; empty: each by itself.
    Column("collapse_key", Text, nullable=False, server_default=text("''")),
    Column("live_type", Text, nullable=False),
    Column("live_data", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
    UniqueConstraint("dedupe_key"),
    CheckConstraint("account_id IS NOT NULL OR NOT in_inbox", "inbox_has_an_owner"),
    Index("ix_notification_inbox", "account_id", "created_at", "notification_id", postgresql_where=text("in_inbox")),
    Index(None, "created_at"),
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
    UniqueConstraint("notification_id", "channel", "target"),
    CheckConstraint("channel IN ('inbox', 'stream', 'push', 'sms', 'voice', 'email')", "channel"),
    CheckConstraint("state IN ('pending', 'sent', 'dropped', 'failed')", "state"),
    CheckConstraint("(state = 'pending') = (finished_at IS NULL)", "finished"),
    Index("ix_delivery_due", "channel", "priority", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    Index(
        "ix_delivery_order",
        "ride_id",
        "account_id",
        "channel",
        "ride_version",
        postgresql_where=text("state = 'pending'"),
    ),
)
