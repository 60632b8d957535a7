"""What riders say was wrong. A complaint moves only as its trigger lets it: see the migration 0024."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.complaint import (
    MAX_ANSWER_LENGTH,
    MAX_COMPLAINTS,
    MAX_WORDS_LENGTH,
    UNDECIDED_STATES,
    ComplaintReason,
    ComplaintState,
    RefundBorneBy,
)

complaints = Table(
    "ride_complaint",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("rider_id", Uuid, nullable=False),
    # Of the ride's complaints.
    Column("number", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("decided_by", Uuid),
    # What is given back; no amount is all that is left.
    Column("refund_borne_by", Text),
    Column("refund_currency_code", Text),
    Column("refund_minor", BigInteger),
    Column("refund_id", Uuid),
    Column("refusal", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    # While a refund is owed: when it is tried next, and by whom until when.
    Column("due_at", DateTime(timezone=True)),
    Column("leased_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("ride_id", "number"),
    CheckConstraint(among("state", ComplaintState), "state"),
    CheckConstraint(among("reason", ComplaintReason), "reason"),
    CheckConstraint(among("refund_borne_by", RefundBorneBy), "refund_borne_by"),
    CheckConstraint(f"number BETWEEN 1 AND {MAX_COMPLAINTS}", "number"),
    CheckConstraint(
        f"char_length(words) <= {MAX_WORDS_LENGTH} AND char_length(answer) <= {MAX_ANSWER_LENGTH}", "words"
    ),
    CheckConstraint("refund_minor > 0", "refund_above_zero"),
    CheckConstraint("(refund_minor IS NULL) = (refund_currency_code IS NULL)", "refund_whole"),
    CheckConstraint("(state = 'open') = (decided_by IS NULL)", "decided"),
    CheckConstraint("(state IN ('refund_pending', 'refunded')) = (refund_borne_by IS NOT NULL)", "refund_decided"),
    CheckConstraint("(state = 'refunded') = (refund_id IS NOT NULL)", "refunded"),
    CheckConstraint("(state IN ('refunded', 'rejected')) = (closed_at IS NOT NULL)", "closed"),
    CheckConstraint("(state = 'refund_pending') = (due_at IS NOT NULL)", "refund_owed"),
    # A ride has one complaint at a time.
    Index(
        "uq_ride_complaint_undecided",
        "ride_id",
        unique=True,
        postgresql_where=text(among("state", UNDECIDED_STATES)),
    ),
    Index("ix_ride_complaint_state", "state", "id"),
    Index("ix_ride_complaint_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    comment="What riders say was wrong with rides, and what was decided",
)
