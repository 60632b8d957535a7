"""The tables of disputes, as SQLAlchemy sees them."""

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
    UniqueConstraint,
    Uuid,
    text,
)

from payment_service.adapters.tables import metadata

dispute_transition = Table(
    "dispute_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

dispute = Table(
    "dispute",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("psp_dispute_id", Text, nullable=False),
    Column("payment_id", Uuid, ForeignKey("payment.id"), nullable=False),
    Column("ride_id", Uuid),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("withdrawn_minor", BigInteger, nullable=False),
    Column("reinstated_minor", BigInteger, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("borne_by", Text, nullable=False),
    Column("evidence_due_at", DateTime(timezone=True)),
    Column("look_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False),
    ForeignKeyConstraint(["previous", "status"], ["dispute_transition.previous", "dispute_transition.status"]),
    UniqueConstraint("psp_dispute_id"),
    Index("ix_dispute_payment_id", "payment_id"),
    Index("ix_dispute_created_at", "created_at", "id"),
    Index("ix_dispute_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
)
