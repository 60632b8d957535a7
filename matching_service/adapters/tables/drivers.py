"""Drivers as dispatch knows them: their shifts, and what was told of them."""

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
    Table,
    Text,
    Uuid,
    text,
)

from matching_service.adapters.tables.base import among, metadata
from matching_service.domain.city import VehicleClass
from matching_service.domain.ride_kind import Capability
from matching_service.domain.shift import MAX_BREAK_SECONDS, EndReason

driver_standings = Table(
    "driver_standing",
    metadata,
    Column("driver_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("cash_allowed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("driver_id", "currency_code"),
    Index("ix_driver_standing_no_cash", "currency_code", "driver_id", postgresql_where=text("NOT cash_allowed")),
    comment="What payment_service told last of each driver; one that it never spoke of may take cash",
)

shifts = Table(
    "shift",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("driver_name", Text, nullable=False),
    Column("vehicle_model", Text, nullable=False),
    Column("vehicle_color", Text, nullable=False),
    Column("vehicle_plate", Text, nullable=False),
    Column("vehicle_class", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ends_after_ride", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("last_ride", Boolean, nullable=False, server_default=text("false")),
    Column("break_since", DateTime(timezone=True)),
    Column("break_until", DateTime(timezone=True)),
    Column("heading_latitude", Float(53)),
    Column("heading_longitude", Float(53)),
    Column("silent_since", DateTime(timezone=True)),
    Column("silent_until", DateTime(timezone=True)),
    Column("end_reason", Text),
    Column("paused_seconds", Integer, nullable=False, server_default=text("0")),
    # The shift in figures, for dispatch: counted by statements of their own, not with the rest of the row.
    Column("earned_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("earned_currency_code", Text),
    Column("offers_accepted", Integer, nullable=False, server_default=text("0")),
    Column("offers_missed", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("paused_seconds >= 0", "paused"),
    CheckConstraint("earned_minor >= 0 AND offers_accepted >= 0 AND offers_missed >= 0", "figures"),
    CheckConstraint("earned_currency_code IS NOT NULL OR earned_minor = 0", "earned_in_a_currency"),
    CheckConstraint(among("vehicle_class", VehicleClass), "vehicle_class"),
    CheckConstraint(among("end_reason", EndReason), "end_reason"),
    CheckConstraint("(break_since IS NULL) = (break_until IS NULL)", "break_whole"),
    CheckConstraint(f"break_until <= break_since + interval '{MAX_BREAK_SECONDS} seconds'", "break_bounded"),
    CheckConstraint("(heading_latitude IS NULL) = (heading_longitude IS NULL)", "heading_whole"),
    CheckConstraint("(silent_since IS NULL) = (silent_until IS NULL)", "silence_whole"),
    Index("ix_shift_break", "break_until", postgresql_where=text("ended_at IS NULL AND break_until IS NOT NULL")),
    Index("ix_shift_silent", "silent_until", postgresql_where=text("ended_at IS NULL AND silent_until IS NOT NULL")),
    Index("ix_shift_heading", "driver_id", postgresql_where=text("ended_at IS NULL AND heading_latitude IS NOT NULL")),
    Index("ix_shift_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    Index("ix_shift_ends_after_ride", "driver_id", postgresql_where=text("ended_at IS NULL AND ends_after_ride")),
    Column("capabilities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    CheckConstraint(
        "capabilities <@ ARRAY[" + ", ".join(f"'{name}'" for name in sorted(Capability)) + "]", "capabilities"
    ),
    Index("uq_shift_open_driver", "driver_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_shift_driver", "driver_id", "id"),
)

shift_headings = Table(
    "shift_heading",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("latitude", Float(53), nullable=False),
    Column("longitude", Float(53), nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False),
    Index("ix_shift_heading_driver", "driver_id", "set_at"),
    Index("ix_shift_heading_set_at", "set_at"),
    comment="Each destination that a driver set to go home by, for the limit a day; kept for two days",
)
