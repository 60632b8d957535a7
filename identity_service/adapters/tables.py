"""Accounts and what people keep with them, and what every service has. One account a number is held here.

Signing in, drivers and staff have tables of their own beside this module; all are of its `metadata`.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
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
    text,
)

from chassis.database import new_metadata
from chassis.idempotency import idempotency_table
from chassis.outbox import outbox_table

metadata = new_metadata()

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("phone_last_digits", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("phone_index"),
    CheckConstraint("octet_length(phone_index) = 32", name="phone_index"),
    CheckConstraint("version > 0", name="version"),
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("wrapped_key", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("erased_services", ARRAY(Text), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("completed_at", DateTime(timezone=True)),
    CheckConstraint("(completed_at IS NULL) = (next_attempt_at IS NOT NULL)", name="completed"),
    CheckConstraint("erased_services <@ ARRAY['matching', 'payment', 'notification']", name="services"),
    CheckConstraint("completed_at IS NULL OR cardinality(erased_services) = 3", name="whole"),
    Index("ix_erasures_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
)

saved_places = Table(
    "saved_places",
    metadata,
    Column("place_id", Uuid, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("kind IN ('home', 'work', 'favorite')", name="kind"),
    Index(None, "account_id"),
    Index(
        "ux_saved_places_one",
        "account_id",
        "kind",
        unique=True,
        postgresql_where=text("kind IN ('home', 'work')"),
    ),
)

mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("address_index", LargeBinary, nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("verified_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("address_index"),
    CheckConstraint("octet_length(address_index) = 32", name="address_index"),
)

idempotency = idempotency_table(metadata)
outbox = outbox_table(metadata)
