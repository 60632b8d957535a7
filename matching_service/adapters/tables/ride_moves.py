"""The moves of rides: which there may be, written by migrations alone, and which there were, written by a trigger.

What was said of a move stands beside it, since a move takes no change and what somebody said may have to go.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
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

ride_words = Table(
    "ride_words",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("version", Integer, nullable=False),
    # The rider or driver; null of an operator.
    Column("said_by", Uuid),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("ride_id", "version"),
    Index("ix_ride_words_said_by", "said_by", postgresql_where=text("said_by IS NOT NULL")),
    postgresql_partition_by="RANGE (ride_id)",
    comment="What people gave as the cause of a ride's moves, written by the trigger that records these",
)
