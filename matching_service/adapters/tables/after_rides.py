"""Beside and after rides: consents, links, watches, alerts and ratings."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.rating import MAX_COMMENT_LENGTH, RatedPart
from matching_service.domain.share import MAX_SENT
from matching_service.domain.trip_watch import MOST_ALERTS, AlertKind

cancel_consents = Table(
    "cancel_consent",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("token", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

ride_shares = Table(
    "ride_share",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # How often it was sent to trusted contacts.
    Column("sent_count", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint("octet_length(token_hash) = 32", name="hash"),
    CheckConstraint(f"sent_count BETWEEN 0 AND {MAX_SENT}", name="sent"),
    CheckConstraint("expires_at > created_at", name="lives"),
    Index("uq_ride_share_token_hash", "token_hash", unique=True),
    Index("ix_ride_share_expires_at", "expires_at"),
)

trip_watches = Table(
    "trip_watch",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("still_latitude", Float(53), nullable=False),
    Column("still_longitude", Float(53), nullable=False),
    Column("still_since", DateTime(timezone=True), nullable=False),
    Column("still_told", Boolean, nullable=False),
    Column("stray_since", DateTime(timezone=True)),
    Column("stray_told", Boolean, nullable=False),
    CheckConstraint("stray_since IS NOT NULL OR NOT stray_told", name="stray"),
    Index("ix_trip_watch_began_at", "began_at"),
    comment="What is remembered of trips under way between two looks at them",
)

trip_alerts = Table(
    "trip_alert",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("rider_id", Uuid, nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    # Of the ride's alerts of its kind.
    Column("number", SmallInteger, nullable=False),
    Column("latitude", Float(53), nullable=False),
    Column("longitude", Float(53), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(among("kind", AlertKind), name="kind"),
    CheckConstraint(f"number BETWEEN 1 AND {MOST_ALERTS}", name="number"),
    UniqueConstraint("ride_id", "kind", "number"),
    UniqueConstraint("ride_id", "kind", "since"),
    Index("ix_trip_alert_raised_at", "raised_at"),
    comment="Trips that left their way or stood still, as their riders were asked",
)

told_arrivals = Table(
    "told_arrival",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    # Of each driver of a ride it is told once that they are about to be there.
    PrimaryKeyConstraint("ride_id", "driver_id"),
    Index("ix_told_arrival_told_at", "told_at"),
    comment="Drivers of whom a rider was told that they are about to be at the pickup",
)

ratings_due = Table(
    "rating_due",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Index("ix_rating_due_due_at", "due_at"),
    comment="Completed rides whose rider is yet to be asked for stars; gone once that was seen to",
)

ride_ratings = Table(
    "ride_rating",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("rated_part", Text, nullable=False),
    Column("rated_id", Uuid, nullable=False),
    Column("rater_id", Uuid, nullable=False),
    Column("stars", SmallInteger, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("ride_id", "rated_part"),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    CheckConstraint(f"char_length(comment) <= {MAX_COMMENT_LENGTH}", name="comment"),
    CheckConstraint(among("rated_part", RatedPart), name="rated_part"),
    Index("ix_ride_rating_rated", "rated_id", "rated_part", "created_at"),
)
