"""The moves of rides: which there may be, written by migrations alone, and which there were, written by a trigger."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.ride_states import INITIAL_STATES

legal_ride_moves = Table(
    "legal_ride_move",
    metadata,
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    PrimaryKeyConstraint("from_state", "to_state"),
    comment="The state machine of rides as the database holds it: ride_states.TRANSITIONS",
)

ride_transitions = Table(
    "ride_transition",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("driver_id", Uuid),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("ride_id", "version"),
    ForeignKeyConstraint(
        ["from_state", "to_state"],
        ["legal_ride_move.from_state", "legal_ride_move.to_state"],
        name="fk_ride_transition_legal_ride_move",
    ),
    CheckConstraint(f"from_state IS NOT NULL OR {among('to_state', INITIAL_STATES)}", "begins_requested"),
    postgresql_partition_by="RANGE (ride_id)",
    comment="Written by a trigger on ride, so that no move of a ride goes unrecorded or unjudged",
)
