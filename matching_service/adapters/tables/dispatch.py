"""What dispatch shares among matchers, learned, and wrote down."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.destination_values import MOST_SECONDS, QUARTERS
from matching_service.domain.explanation import Fate

matchers = Table(
    "matcher",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_matcher_expires_at", "expires_at"),
    comment="The processes that dispatch, by the heartbeat of each life of them",
)

shard_leases = Table(
    "shard_lease",
    metadata,
    Column("shard", Text, primary_key=True),
    Column("owner_id", Uuid),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("fence > 0", "fence_above_zero"),
    # Makes the fence a part of a key: to change it takes a lock that an offer's FOR KEY SHARE holds off, to renew the
    # lease does not.
    UniqueConstraint("shard", "fence"),
    comment="Which matcher dispatches which shard; a trigger lets the fence grow alone",
)

dispatch_traces = Table(
    "dispatch_trace",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ride_id", Uuid, nullable=False),
    Column("ticked_at", DateTime(timezone=True), nullable=False),
    Column("fate", Text, nullable=False),
    Column("driver_id", Uuid),
    Column("waited_seconds", Integer, nullable=False),
    Column("drivers_seen", Integer, nullable=False),
    Column("drivers_free", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("candidates", JSONB, nullable=False),
    CheckConstraint(among("fate", Fate), "fate"),
    Index("ix_dispatch_trace_ride", "ride_id", "id"),
    Index("ix_dispatch_trace_ticked_at", "ticked_at"),
    comment="Why dispatch did what it did, for operators; judges nothing, is kept for three days, and may be lost",
)

travel_times = Table(
    "travel_times",
    metadata,
    Column("provider", Text, nullable=False),
    Column("map_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("learned_at", DateTime(timezone=True), nullable=False),
    Column("trips", Integer, nullable=False),
    Column("error_before", Float(53), nullable=False),
    Column("error_after", Float(53), nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("start_seconds", Float(53), nullable=False),
    Column("factors", ARRAY(Float(53)), nullable=False),
    PrimaryKeyConstraint("provider", "map_id", "version"),
    CheckConstraint("version > 0", "version_counts"),
    CheckConstraint("trips > 0", "taught"),
    CheckConstraint("start_seconds BETWEEN 0 AND 3600", "start_bounded"),
    # One for each hour of the week, every one above zero: what no hour of travel can be stretched by.
    CheckConstraint(
        "cardinality(factors) = 168 AND array_position(factors, NULL) IS NULL"
        " AND 0 < ALL (factors) AND 100 > ALL (factors)",
        "factors_whole",
    ),
    comment="Append-only: what trips taught of travel times; of a provider and map the newest in force counts",
)

destination_values = Table(
    "destination_value",
    metadata,
    Column("city", Text, nullable=False),
    Column("cell", Text, nullable=False),
    Column("quarter", SmallInteger, nullable=False),
    Column("extra_idle_seconds", Float(53), nullable=False),
    Column("learned_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("city", "cell", "quarter"),
    CheckConstraint(f"quarter BETWEEN 0 AND {QUARTERS - 1}", "quarter"),
    CheckConstraint(f"abs(extra_idle_seconds) <= {MOST_SECONDS:.0f}", "seconds"),
    comment="How much longer than the city's mean drivers wait for the next passenger, by where and when",
)
