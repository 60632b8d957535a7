"""The tables of drivers' terms, patronage and payments at a desk, as SQLAlchemy sees them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from payment_service.adapters.tables import metadata

driver_payment = Table(
    "driver_payment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index(None, "driver_id"),
)

driver_terms = Table(
    "driver_terms",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, ForeignKey("driver.id"), nullable=False),
    Column("model", Text, nullable=False),
    Column("effective_from", DateTime(timezone=True), nullable=False),
    Column("currency_code", Text),
    Column("fee_minor", BigInteger),
    Column("period_days", Integer, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("driver_id", "effective_from"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("terms_id", Uuid, ForeignKey("driver_terms.id"), primary_key=True),
    Column("next_fee_at", DateTime(timezone=True)),
    Index(None, "next_fee_at", postgresql_where=text("next_fee_at IS NOT NULL")),
)

patronage = Table(
    "patronage",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("period_from", DateTime(timezone=True), nullable=False),
    Column("period_to", DateTime(timezone=True), nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("commission_minor", BigInteger, nullable=False),
    Column("declared_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

patronage_share = Table(
    "patronage_share",
    metadata,
    Column("patronage_id", Uuid, ForeignKey("patronage.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("commission_minor", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("posted_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("patronage_id", "driver_id"),
    Index("ix_patronage_share_driver_id", "driver_id", "patronage_id"),
    Index("ix_patronage_share_unposted", "patronage_id", "driver_id", postgresql_where=text("posted_at IS NULL")),
)
