"""Promotions. What they count, triggers count: see the migration 0023."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from matching_service.adapters.tables.base import metadata
from matching_service.domain.promotion import MAX_NOTE_LENGTH, MAX_USES_PER_RIDER
from matching_service.domain.quote import BASIS_POINTS

MOST_TRIES = 10
"""So many codes that are none may be tried within an hour."""

promotions = Table(
    "promotion",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("percent_off_basis_points", Integer, nullable=False),
    Column("amount_off_minor", BigInteger, nullable=False),
    Column("most_off_minor", BigInteger),
    Column("least_paid_minor", BigInteger, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    # Empty: all of them.
    Column("city", Text, nullable=False),
    Column("products", ARRAY(Text), nullable=False),
    Column("redemption_limit", Integer),
    Column("uses_per_rider", Integer, nullable=False),
    Column("first_ride_only", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Uuid, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("redemption_count", Integer, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Uuid),
    Column("end_note", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("code"),
    CheckConstraint("code ~ '^[A-Z0-9-]{4,24}$'", "code"),
    CheckConstraint("currency_code ~ '^[A-Z]{3}$'", "currency_code"),
    CheckConstraint(
        f"percent_off_basis_points BETWEEN 0 AND {BASIS_POINTS} AND amount_off_minor >= 0"
        " AND (percent_off_basis_points > 0) <> (amount_off_minor > 0)",
        "takes_off_one_way",
    ),
    CheckConstraint("most_off_minor > 0 AND least_paid_minor > 0", "bounds"),
    CheckConstraint("ends_at > starts_at", "ends_after_start"),
    CheckConstraint("redemption_limit > 0", "redemption_limit"),
    CheckConstraint("redemption_count BETWEEN 0 AND coalesce(redemption_limit, 2147483647)", "redemptions"),
    CheckConstraint(f"uses_per_rider BETWEEN 1 AND {MAX_USES_PER_RIDER}", "uses_per_rider"),
    CheckConstraint("NOT first_ride_only OR uses_per_rider = 1", "one_first_ride"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (version = 1)", "ended"),
    CheckConstraint(f"char_length(note) <= {MAX_NOTE_LENGTH} AND char_length(end_note) <= {MAX_NOTE_LENGTH}", "notes"),
    comment="What codes take off fares. The terms never change; redemptions are counted by a trigger",
)

promotion_redemptions = Table(
    "promotion_redemption",
    metadata,
    Column("promotion_id", Uuid, ForeignKey("promotion.id"), nullable=False),
    Column("rider_id", Uuid, nullable=False),
    Column("redeemed_at", DateTime(timezone=True), nullable=False),
    # Both filled in by triggers: from the promotion, and from the rides that have it.
    Column("uses_per_rider", Integer, nullable=False),
    Column("uses", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("promotion_id", "rider_id"),
    CheckConstraint("uses BETWEEN 0 AND uses_per_rider", "uses"),
    Index("ix_promotion_redemption_rider", "rider_id", "redeemed_at"),
    comment="Promotions on riders' accounts; the uses are counted from the rides, whoever writes",
)

promotion_tries = Table(
    "promotion_try",
    metadata,
    Column("rider_id", Uuid, primary_key=True),
    Column("window_began_at", DateTime(timezone=True), nullable=False),
    Column("tries", SmallInteger, nullable=False),
    CheckConstraint(f"tries BETWEEN 0 AND {MOST_TRIES}", "tries"),
    Index("ix_promotion_try_window_began_at", "window_began_at"),
    comment="How many codes that are none each rider tried within the hour; kept for a day",
)
