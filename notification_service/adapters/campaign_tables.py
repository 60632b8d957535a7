"""The tables of campaigns, and of whom they may reach."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from notification_service.adapters.tables import metadata

audience = Table(
    "audience",
    metadata,
    Column("role", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    # Where they rode or drove; empty: they are one at all.
    Column("city", Text, primary_key=True),
    CheckConstraint("role IN ('riders', 'drivers')", "role"),
    Index("ix_audience_city", "role", "city", "account_id"),
    Index("ix_audience_account", "account_id"),
)

campaigns = Table(
    "campaign",
    metadata,
    Column("campaign_id", Uuid, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("texts", JSONB, nullable=False),
    Column("audience", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("told_to", Uuid),
    Column("told_count", BigInteger, nullable=False, server_default=text("0")),
    # When the next page may be told; nothing where it is over.
    Column("next_at", DateTime(timezone=True)),
    UniqueConstraint("created_by", "request_id"),
    CheckConstraint("state IN ('running', 'done', 'stopped')", "state"),
    CheckConstraint("audience IN ('riders', 'drivers')", "audience"),
    CheckConstraint("(state = 'running') = (next_at IS NOT NULL)", "next"),
    CheckConstraint("told_count >= 0", "told_count"),
    Index("ix_campaign_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_campaign_newest", "created_at", "campaign_id"),
)
