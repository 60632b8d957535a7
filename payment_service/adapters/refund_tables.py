"""The tables of refunds, as SQLAlchemy sees them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payment_service.adapters.tables import metadata

refund_transition = Table(
    "refund_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

refund = Table(
    "refund",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("payment_id", Uuid, ForeignKey("payment.id"), nullable=False),
    Column("ride_id", Uuid),
    Column("rider_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("borne_by", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("shares", JSONB, nullable=False),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("psp_refund_id", Text, nullable=False),
    Column("failure_reason", Text, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("look_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("paid_at", DateTime(timezone=True)),
    Column("failed_at", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False),
    ForeignKeyConstraint(["previous", "status"], ["refund_transition.previous", "refund_transition.status"]),
    Index("ix_refund_payment_id", "payment_id"),
    Index("ix_refund_ride_id", "ride_id", postgresql_where=text("ride_id IS NOT NULL")),
    Index("ix_refund_rider_id", "rider_id", "created_at", "id"),
    Index("ix_refund_created_at", "created_at", "id"),
    Index("ix_refund_psp_refund_id", "psp_refund_id", unique=True, postgresql_where=text("psp_refund_id <> ''")),
    Index("ix_refund_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
)
