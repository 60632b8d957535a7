"""The tables of drivers' standing and of their documents, of which one of a kind is accepted at a time."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from identity_service.adapters.tables import metadata

drivers = Table(
    "drivers",
    metadata,
    Column("driver_id", ForeignKey("accounts.account_id", ondelete="CASCADE"), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("vehicle_model", Text, nullable=False),
    Column("vehicle_color", Text, nullable=False),
    Column("vehicle_plate", Text, nullable=False),
    Column("vehicle_class", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("suspended_by", Text),
    CheckConstraint("suspended_by IN ('staff', 'documents')", name="suspended_by"),
    CheckConstraint("status IN ('pending', 'approved', 'rejected', 'suspended')", name="status"),
    CheckConstraint("vehicle_class IN ('economy', 'xl', 'wheelchair')", name="vehicle_class"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_drivers_newest", "applied_at", "driver_id"),
    Index("ix_drivers_status", "status", "applied_at", "driver_id"),
)

driver_documents = Table(
    "driver_documents",
    metadata,
    Column("document_id", Uuid, primary_key=True),
    Column("driver_id", ForeignKey("drivers.driver_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_last_digits", Text, nullable=False),
    Column("expires_on", Date),
    Column("reason", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("next_timer_at", DateTime(timezone=True)),
    Column("warned_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "kind IN ('driving_license', 'identity_card', 'vehicle_registration', 'vehicle_insurance',"
        " 'professional_license', 'background_check')",
        name="kind",
    ),
    CheckConstraint("status IN ('submitted', 'accepted', 'rejected', 'superseded', 'expired')", name="status"),
    CheckConstraint("size_bytes BETWEEN 1 AND 3145728", name="size_bytes"),
    CheckConstraint("content_type IN ('image/jpeg', 'image/png', 'application/pdf')", name="content_type"),
    CheckConstraint("octet_length(content_sha256) = 32", name="content_sha256"),
    CheckConstraint("next_timer_at IS NULL OR (status = 'accepted' AND expires_on IS NOT NULL)", name="timer"),
    CheckConstraint("(status = 'submitted') = (reviewed_at IS NULL)", name="reviewed"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_driver_documents_newest", "driver_id", "submitted_at", "document_id"),
    Index(
        "ux_driver_documents_accepted",
        "driver_id",
        "kind",
        unique=True,
        postgresql_where=text("status = 'accepted'"),
    ),
    Index("ix_driver_documents_timer", "next_timer_at", postgresql_where=text("next_timer_at IS NOT NULL")),
)
