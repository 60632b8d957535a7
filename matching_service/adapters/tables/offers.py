"""Who is asked to drive a ride, who drives it, and who is not asked again."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.offer import MAX_BROADCAST_OFFERS, ExclusionCause, OfferState

assignments = Table(
    "assignment",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True)),
    # Copied from the ride by a trigger.
    Column("run_id", Uuid),
    Column("run_slot", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("released_at >= assigned_at", "released_after_assigned"),
    Index("uq_assignment_open_ride", "ride_id", unique=True, postgresql_where=text("released_at IS NULL")),
    Index(
        "uq_assignment_open_driver",
        "driver_id",
        "run_slot",
        unique=True,
        postgresql_where=text("released_at IS NULL"),
    ),
    Index("ix_assignment_driver", "driver_id", "assigned_at"),
    Index("ix_assignment_ride", "ride_id", "assigned_at"),
    Index("ix_assignment_released_at", "released_at"),
)

offers = Table(
    "offer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("pickup_eta_seconds", Integer, nullable=False),
    Column("cost", Float(53), nullable=False),
    Column("earnings_minor", BigInteger, nullable=False),
    # Of a pooled ride that joins a run.
    Column("run_id", Uuid),
    Column("plan", JSONB(none_as_null=True)),
    # The assignment an accepted offer became is over: the ride was given back.
    Column("given_back", Boolean, nullable=False, server_default=text("false")),
    # 0 for a ride's only offer; offers of a broadcast, which are open together, are numbered from 1 on.
    Column("slot", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint(among("state", OfferState), "state"),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", "closed"),
    Index("uq_offer_open_driver", "driver_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("uq_offer_open_ride", "ride_id", unique=True, postgresql_where=text("state = 'open' AND slot = 0")),
    Index("uq_offer_open_slot", "ride_id", "slot", unique=True, postgresql_where=text("state = 'open' AND slot > 0")),
    CheckConstraint(f"slot BETWEEN 0 AND {MAX_BROADCAST_OFFERS}", "slot"),
    Index(
        "uq_offer_accepted_ride",
        "ride_id",
        unique=True,
        postgresql_where=text("state = 'accepted' AND NOT given_back"),
    ),
    Index("ix_offer_ride", "ride_id", "created_at"),
    Index("ix_offer_due", "expires_at", postgresql_where=text("state = 'open'")),
)

exclusions = Table(
    "ride_exclusion",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("excluded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("ride_id", "driver_id"),
    CheckConstraint(among("cause", ExclusionCause), "cause"),
)
