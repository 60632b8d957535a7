"""The tables of drivers' bank accounts and payouts, as SQLAlchemy sees them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
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

driver = Table(
    "driver",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("psp_account_id", Text),
    Column("standing_version", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("psp_account_id"),
)

payout_account = Table(
    "payout_account",
    metadata,
    Column("driver_id", Uuid, ForeignKey("driver.id"), nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("psp_account_id", Text, nullable=False),
    Column("psp_bank_id", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("bank_name", Text, nullable=False),
    Column("last_digits", Text, nullable=False),
    Column("operation_id", Uuid, ForeignKey("psp_operation.id"), nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("driver_id", "currency_code"),
)

driver_standing = Table(
    "driver_standing",
    metadata,
    Column("driver_id", Uuid, ForeignKey("driver.id"), nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("cash_allowed", Boolean, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("floor_minor", BigInteger, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("driver_id", "currency_code"),
)

payout_transition = Table(
    "payout_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

payout = Table(
    "payout",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, ForeignKey("driver.id"), nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("period_at", DateTime(timezone=True)),
    Column("retry_of", Uuid, ForeignKey("payout.id")),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("psp_account_id", Text, nullable=False),
    Column("psp_bank_id", Text, nullable=False),
    Column("last_digits", Text, nullable=False),
    Column("psp_transfer_id", Text, nullable=False),
    Column("psp_payout_id", Text, nullable=False),
    Column("waiting_reason", Text, nullable=False),
    Column("waits", Integer, nullable=False),
    Column("failure_reason", Text, nullable=False),
    Column("look_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("paid_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False),
    ForeignKeyConstraint(["previous", "status"], ["payout_transition.previous", "payout_transition.status"]),
    Index(
        "ix_payout_one_of_a_period",
        "driver_id",
        "currency_code",
        "period_at",
        unique=True,
        postgresql_where=text("period_at IS NOT NULL"),
    ),
    Index("ix_payout_one_retry", "retry_of", unique=True, postgresql_where=text("retry_of IS NOT NULL")),
    Index("ix_payout_psp_transfer_id", "psp_transfer_id", unique=True, postgresql_where=text("psp_transfer_id <> ''")),
    Index("ix_payout_psp_payout_id", "psp_payout_id", unique=True, postgresql_where=text("psp_payout_id <> ''")),
    Index("ix_payout_driver_id", "driver_id", "id"),
    Index("ix_payout_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    Index("ix_payout_open", "id", postgresql_where=text("status IN ('pending', 'sent', 'recovering')")),
)

payout_run = Table(
    "payout_run",
    metadata,
    Column("period_at", DateTime(timezone=True), primary_key=True),
    Column("after_driver_id", Uuid, nullable=False),
    Column("after_currency_code", Text, nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("ix_payout_run_open", "period_at", postgresql_where=text("finished_at IS NULL")),
)
