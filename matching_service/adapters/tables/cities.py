"""What operators set for a city: policies and surge, append-only."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from matching_service.adapters.tables.base import metadata

city_policies = Table(
    "city_policy",
    metadata,
    Column("city", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_at", DateTime(timezone=True), nullable=False),
    Column("document", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("made_by", Uuid),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("city", "version"),
    CheckConstraint("version > 0", "version_counts"),
    CheckConstraint("effective_at >= made_at", "not_in_the_past"),
    comment="Append-only: what a city charged when can be told for ever. made_by is null for the city's file",
)

surge_controls = Table(
    "surge_control",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("city", Text, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("cap_permille", Integer),
    Column("made_by", Uuid, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("cap_permille >= 1000", "cap_at_least_none"),
    Index("ix_surge_control_city", "city", "id"),
    comment="Append-only: the newest of a city holds",
)
