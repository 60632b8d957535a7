"""The tables of the PSP's events, as SQLAlchemy sees them."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from payment_service.adapters.tables import metadata

psp_event_transition = Table(
    "psp_event_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("previous", "state"),
)

psp_event = Table(
    "psp_event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("psp_payment_id", Text, nullable=False),
    Column("operation_id", Uuid),
    Column("account_id", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("over_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["previous", "state"], ["psp_event_transition.previous", "psp_event_transition.state"]),
    Index("ix_psp_event_due", "due_at", postgresql_where=text("state IN ('received', 'unmatched')")),
    Index("ix_psp_event_waiting", "object_id", postgresql_where=text("state IN ('received', 'unmatched')")),
    Index("ix_psp_event_psp_payment_id", "psp_payment_id", postgresql_where=text("psp_payment_id <> ''")),
    Index("ix_psp_event_received_at", "received_at", "id"),
    Index("ix_psp_event_state", "state", "received_at", "id", postgresql_where=text("state <> 'applied'")),
    Index("ix_psp_event_over_at", "over_at", postgresql_where=text("over_at IS NOT NULL")),
)
