"""The tables of the service, as SQLAlchemy sees them. Checks, triggers and functions stand in the migrations."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.database import new_metadata
from chassis.outbox import outbox_table

metadata = new_metadata()

rider = Table(
    "rider",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("psp_customer_id", Text),
    UniqueConstraint("psp_customer_id"),
)

payment_method = Table(
    "payment_method",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rider_id", Uuid, ForeignKey("rider.id"), nullable=False),
    Column("psp_card_id", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("last_digits", Text, nullable=False),
    Column("expire_month", SmallInteger, nullable=False),
    Column("expire_year", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Column("is_default", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("psp_card_id"),
    Index("ix_payment_method_one_default", "rider_id", unique=True, postgresql_where=text("is_default")),
    Index("ix_payment_method_kept", "rider_id", postgresql_where=text("removed_at IS NULL")),
)

payment_transition = Table(
    "payment_transition",
    metadata,
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("previous", "status"),
)

payment = Table(
    "payment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False, server_default="ride"),
    Column("funding", Text, nullable=False, server_default="card"),
    Column("ride_id", Uuid),
    Column("rider_id", Uuid),
    Column("payment_method_id", Uuid, ForeignKey("payment_method.id")),
    Column("currency_code", Text, nullable=False),
    Column("requested_minor", BigInteger, nullable=False),
    Column("credit_held_minor", BigInteger, nullable=False, server_default="0"),
    Column("authorized_minor", BigInteger, nullable=False),
    Column("captured_minor", BigInteger, nullable=False),
    Column("credit_used_minor", BigInteger, nullable=False, server_default="0"),
    Column("receivable_minor", BigInteger, nullable=False, server_default="0"),
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    Column("previous", Text, nullable=False, server_default="new"),
    Column("status", Text, nullable=False),
    Column("decline_reason", Text, nullable=False),
    Column("psp_payment_id", Text, nullable=False),
    Column("capture_before", DateTime(timezone=True)),
    Column("driver_id", Uuid),
    Column("captured_at", DateTime(timezone=True)),
    Column("lines", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False),
    ForeignKeyConstraint(["previous", "status"], ["payment_transition.previous", "payment_transition.status"]),
    Index("ix_payment_ride_id", "ride_id"),
    Index("ix_payment_rider_id", "rider_id", "id"),
    Index("ix_payment_one_of_a_ride", "ride_id", unique=True, postgresql_where=text("purpose = 'ride'")),
    Index("ix_payment_one_excess_of_a_ride", "ride_id", unique=True, postgresql_where=text("purpose = 'excess'")),
    Index(
        "ix_payment_one_tip_of_a_ride",
        "ride_id",
        unique=True,
        postgresql_where=text("purpose = 'tip' AND status <> 'declined'"),
    ),
    Index(
        "ix_payment_one_arrears_under_way",
        "rider_id",
        "currency_code",
        unique=True,
        postgresql_where=text("purpose = 'arrears' AND status = 'charge_pending'"),
    ),
    Index("ix_payment_captured_at", "captured_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    Index("ix_payment_psp_payment_id", "psp_payment_id", unique=True, postgresql_where=text("psp_payment_id <> ''")),
    Index(None, "payment_method_id"),
    Index(
        "ix_payment_capture_before",
        "capture_before",
        "id",
        postgresql_where=text("status = 'held' AND capture_before IS NOT NULL"),
    ),
    Index("ix_payment_driver_id", "driver_id", "captured_at", postgresql_where=text("captured_at IS NOT NULL")),
)

psp_operation = Table(
    "psp_operation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rider_id", Uuid),
    Column("payment_id", Uuid, ForeignKey("payment.id")),
    Column("instruction", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("psp_object_id", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("keyed_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("subject_id", Uuid),
    Index(
        "ix_psp_operation_one_open_of_subject",
        "subject_id",
        unique=True,
        postgresql_where=text("state IN ('sending', 'unknown')"),
    ),
    Index(
        "ix_psp_operation_one_open",
        "payment_id",
        unique=True,
        postgresql_where=text("state IN ('sending', 'unknown')"),
    ),
    Index("ix_psp_operation_due", "due_at", postgresql_where=text("state IN ('sending', 'unknown')")),
    Index("ix_psp_operation_payment_id", "payment_id"),
    Index("ix_psp_operation_finished_at", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    Index(
        "ix_psp_operation_cards",
        "rider_id",
        postgresql_where=text(
            "kind IN ('add_card', 'set_up_card', 'finish_card_setup') AND state IN ('sending', 'unknown')"
        ),
    ),
)

request = Table(
    "request",
    metadata,
    Column("principal", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("operation_id", Uuid, ForeignKey("psp_operation.id")),
    Column("answer", JSONB),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("principal", "method", "key"),
    Index("ix_request_operation_id", "operation_id", postgresql_where=text("operation_id IS NOT NULL")),
    Index("ix_request_answered_at", "created_at"),
)

account_kind = Table(
    "account_kind",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("nature", Text, nullable=False),
    Column("owned", Boolean, nullable=False),
    Column("queued", Boolean, nullable=False),
    Column("clearing", Boolean, nullable=False),
    Column("floor_minor", BigInteger),
    UniqueConstraint("kind", "owned"),
)

entry_kind = Table(
    "entry_kind",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("must_cover", Boolean, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("owned", Boolean, Computed("owner <> ''", persisted=True), nullable=False),
    UniqueConstraint("kind", "owner", "currency_code"),
    ForeignKeyConstraint(["kind", "owned"], ["account_kind.kind", "account_kind.owned"]),
    # For the postings' foreign key: a posting is in its account's currency.
    UniqueConstraint("id", "currency_code"),
)

balance = Table(
    "balance",
    metadata,
    Column("account_id", BigInteger, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    Column("queued", Boolean, nullable=False),
    Column("side", SmallInteger, nullable=False),
    Column("floor_minor", BigInteger),
    Column("debits_minor", BigInteger, nullable=False, server_default="0"),
    Column("credits_minor", BigInteger, nullable=False, server_default="0"),
    Column("held_minor", BigInteger, nullable=False, server_default="0"),
)

balance_delta = Table(
    "balance_delta",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("account_id", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)

entry_tally = Table(
    "entry_tally",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("currency_code", Text, nullable=False),
    Column("entry_count", BigInteger, nullable=False),
)

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, ForeignKey("entry_kind.kind"), nullable=False),
    Column("source_id", Uuid, nullable=False),
    Column("payment_id", Uuid, ForeignKey("payment.id")),
    Column("reverses", Uuid, ForeignKey("journal_entry.id")),
    Column("posting_count", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("kind", "source_id"),
    UniqueConstraint("reverses"),
    Index(
        "ix_journal_entry_created_at", "created_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}
    ),
    Index(None, "payment_id"),
)

posting = Table(
    "posting",
    metadata,
    Column("entry_id", Uuid, ForeignKey("journal_entry.id"), nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("entry_id", "seq"),
    ForeignKeyConstraint(["account_id", "currency_code"], ["account.id", "account.currency_code"]),
    Index(None, "account_id", "entry_id"),
)

outbox = outbox_table(metadata)
