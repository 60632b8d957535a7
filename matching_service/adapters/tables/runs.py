"""The runs of drivers: what each has taken on, alone or for parties who share the vehicle."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from matching_service.adapters.tables.base import metadata
from matching_service.domain.pooling import MAX_PARTIES

runs = Table(
    "run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("parties", Integer, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("plan", JSONB, nullable=False, server_default=text("'[]'")),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    UniqueConstraint("id", "driver_id"),
    CheckConstraint(f"parties BETWEEN 1 AND {MAX_PARTIES}", "parties"),
    CheckConstraint("seats > 0", "seats"),
    CheckConstraint("closed_at >= opened_at", "closed_after_opened"),
    Index("uq_run_open_driver", "driver_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    comment="What a driver has taken on; opened and closed by triggers on ride, so whoever binds a driver has one",
)
