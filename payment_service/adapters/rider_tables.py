"""The tables of card set-ups and of what operators change in riders' accounts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from payment_service.adapters.tables import metadata

card_setup_transition = Table(
    "card_setup_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

card_setup = Table(
    "card_setup",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rider_id", Uuid, ForeignKey("rider.id"), nullable=False),
    Column("psp_setup_id", Text, nullable=False),
    Column("payment_method_id", Uuid, ForeignKey("payment_method.id")),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("decline_reason", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["previous", "status"], ["card_setup_transition.previous", "card_setup_transition.status"]),
    Index(None, "rider_id"),
    Index(None, "payment_method_id"),
    Index("ix_card_setup_psp_setup_id", "psp_setup_id", unique=True, postgresql_where=text("psp_setup_id <> ''")),
)

rider_adjustment = Table(
    "rider_adjustment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rider_id", Uuid, nullable=False),
    Column("operator_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_rider_adjustment_rider_id", "rider_id", "id"),
    Index("ix_rider_adjustment_kind", "kind", "id"),
)
