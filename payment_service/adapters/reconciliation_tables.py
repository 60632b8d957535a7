"""The tables of reconciliation, as SQLAlchemy sees them. Checks, triggers and functions stand in the migrations."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
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

_UNMATCHED = "state IN ('new', 'waiting', 'differs')"
_NOT_CLOSED = "status <> 'closed'"

reconciliation_run_transition = Table(
    "reconciliation_run_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

reconciliation_run = Table(
    "reconciliation_run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("day", Date),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("since", DateTime(timezone=True)),
    Column("position", Text, nullable=False),
    Column("expected_after", Uuid, nullable=False),
    Column("imported_count", Integer, nullable=False, server_default="0"),
    Column("matched_count", Integer, nullable=False, server_default="0"),
    Column("opened_count", Integer, nullable=False, server_default="0"),
    Column("closed_count", Integer, nullable=False, server_default="0"),
    Column("steps", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("audit_until", DateTime(timezone=True)),
    Column("audited_at", DateTime(timezone=True)),
    UniqueConstraint("day"),
    ForeignKeyConstraint(
        ["previous", "status"],
        ["reconciliation_run_transition.previous", "reconciliation_run_transition.status"],
        name="fk_reconciliation_run_previous_status_transition",
    ),
    Index("ix_reconciliation_run_one_running", "status", unique=True, postgresql_where=text("status = 'running'")),
)

psp_balance_transaction = Table(
    "psp_balance_transaction",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("available_at", DateTime(timezone=True), nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    Column("subject_kind", Text, nullable=False, server_default=""),
    Column("subject_id", Uuid),
    Column("state", Text, nullable=False, server_default="new"),
    Index("ix_psp_balance_transaction_unmatched", "id", postgresql_where=text(_UNMATCHED)),
    Index("ix_psp_balance_transaction_subject_id", "subject_id"),
    Index("ix_psp_balance_transaction_created_at", "created_at"),
)

reconciliation_item_transition = Table(
    "reconciliation_item_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

reconciliation_item = Table(
    "reconciliation_item",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column(
        "psp_transaction_id",
        Text,
        ForeignKey("psp_balance_transaction.id", name="fk_reconciliation_item_psp_transaction"),
    ),
    Column("subject_kind", Text, nullable=False, server_default=""),
    Column("subject_id", Uuid),
    Column("payment_id", Uuid, ForeignKey("payment.id")),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("resolution", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("resolved_by", Text, nullable=False, server_default=""),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    ForeignKeyConstraint(
        ["previous", "status"],
        ["reconciliation_item_transition.previous", "reconciliation_item_transition.status"],
        name="fk_reconciliation_item_previous_status_transition",
    ),
    Index("ix_reconciliation_item_one_open", "kind", "reference", unique=True, postgresql_where=text(_NOT_CLOSED)),
    Index("ix_reconciliation_item_open", "id", postgresql_where=text(_NOT_CLOSED)),
    Index("ix_reconciliation_item_subject_id", "subject_id", postgresql_where=text(_NOT_CLOSED)),
    Index("ix_reconciliation_item_of_subject", "subject_id", postgresql_where=text("subject_id IS NOT NULL")),
)
