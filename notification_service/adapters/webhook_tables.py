"""The tables of webhooks."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from notification_service.adapters.tables import metadata

webhook_endpoints = Table(
    "webhook_endpoint",
    metadata,
    Column("endpoint_id", Uuid, primary_key=True),
    Column("url", Text, nullable=False),
    # Which it is told of; none: all.
    Column("topics", ARRAY(Text), nullable=False),
    # What its webhooks are signed with; shown once. Sealed, and with which key; plain where an older version wrote it,
    # until the next look.
    Column("secret", Text),
    Column("sealed_secret", LargeBinary),
    Column("sealed_with", Text, nullable=False, server_default=sql("''")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_because", Text, nullable=False, server_default=sql("''")),
    # Whose request made it, and its key; none where an older version wrote it, or the caller had no key.
    Column("created_by", Text),
    Column("request_id", Text),
    UniqueConstraint("created_by", "request_id"),
    CheckConstraint("(created_by IS NULL) = (request_id IS NULL)", "request"),
    CheckConstraint("url ~ '^https?://'", "url"),
    CheckConstraint("secret ~ '^whsec_'", "secret"),
    CheckConstraint("(secret IS NULL) = (sealed_secret IS NOT NULL)", "one_secret"),
    CheckConstraint("(sealed_secret IS NULL) = (sealed_with = '')", "sealed_with"),
)

webhooks = Table(
    "webhook",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("endpoint_id", Uuid, ForeignKey("webhook_endpoint.endpoint_id", ondelete="CASCADE"), nullable=False),
    Column("event_key", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=sql("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("status", Integer, nullable=False, server_default=sql("0")),
    Column("error", Text, nullable=False, server_default=sql("''")),
    # Of what it tells, for telemetry.
    Column("traceparent", Text, nullable=False, server_default=sql("''")),
    # However often an event is taken in, an endpoint is owed it once.
    UniqueConstraint("endpoint_id", "event_key"),
    CheckConstraint("state IN ('pending', 'sent', 'failed')", "state"),
    CheckConstraint("(state = 'pending') = (finished_at IS NULL)", "finished"),
    CheckConstraint("state <> 'failed' OR error <> ''", "reason"),
    Index("ix_webhook_due", "endpoint_id", "next_attempt_at", postgresql_where=sql("state = 'pending'")),
    Index("ix_webhook_of_endpoint", "endpoint_id", "created_at", "webhook_id"),
    Index(None, "created_at"),
)
