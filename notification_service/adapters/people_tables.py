"""The tables of what is known of people: their devices, what they want to be told, and where nothing arrives."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)

from notification_service.adapters.tables import metadata

devices = Table(
    "device",
    metadata,
    Column("device_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("platform", Text, nullable=False),
    Column("app", Text, nullable=False),
    # Of the push provider; a removed device has none.
    Column("token", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Column("removed_because", Text, nullable=False, server_default=text("''")),
    # Who is signed in on it: with the sign-in it goes. None where an older version wrote it, until it is seen again.
    Column("sign_in_id", Uuid),
    CheckConstraint("platform IN ('android', 'ios', 'web')", "platform"),
    CheckConstraint("(removed_at IS NULL) = (removed_because = '')", "removed"),
    CheckConstraint("(removed_at IS NULL) = (token <> '')", "token"),
    # A phone that changes hands tells its new owner's news to nobody else.
    Index("uq_device_live_token", "platform", "token", unique=True, postgresql_where=text("removed_at IS NULL")),
    Index("ix_device_live", "account_id", "seen_at", postgresql_where=text("removed_at IS NULL")),
    Index(None, "account_id"),
    Index("ix_device_removed", "removed_at", postgresql_where=text("removed_at IS NOT NULL")),
)

# As long as an access token of them may still count: what it registers would never be dropped.
ended_sign_ins = Table(
    "ended_sign_in",
    metadata,
    Column("sign_in_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Index("ix_ended_sign_in_ended", "ended_at"),
    Index(None, "account_id"),
)

preferences = Table(
    "preference",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("wanted", Boolean, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("subject IN ('money', 'marketing') OR wanted", "mandatory_subjects_stay_on"),
    CheckConstraint("subject IN ('security', 'trips', 'money', 'marketing')", "subject"),
    CheckConstraint("channel IN ('push', 'sms', 'email')", "channel"),
)

quiet_hours = Table(
    "quiet_hours",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("time_zone", Text, nullable=False),
    Column("begins_at", Time, nullable=False),
    Column("ends_at", Time, nullable=False),
    CheckConstraint("begins_at <> ends_at", "not_empty"),
)

suppressions = Table(
    "suppression",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("suppressed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("channel IN ('sms', 'voice', 'email')", "channel"),
)

lifted_suppressions = Table(
    "lifted_suppression",
    metadata,
    # Of the operator: the same request of the same one lifts once.
    Column("operator_id", Uuid, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("suppressed_at", DateTime(timezone=True), nullable=False),
    Column("lifted_at", DateTime(timezone=True), nullable=False),
    Column("lifted_because", Text, nullable=False),
    Index(None, "lifted_at", "account_id", "channel"),
    Index(None, "account_id"),
)

trusted_contacts = Table(
    "trusted_contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    # Of somebody who needs no account; a trigger holds them to five a person.
    Column("phone_number", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("phone_number ~ '^[+][1-9][0-9]{6,14}$'", "phone_number"),
    UniqueConstraint("account_id", "phone_number"),
)

sos = Table(
    "sos",
    metadata,
    Column("sos_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("ride_id", Uuid),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    # How many were written to.
    Column("contacts", Integer, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", "place"),
    UniqueConstraint("account_id", "request_id"),
    Index(None, "raised_at", "sos_id"),
)
