"""A key for each person, and documents of drivers.

A destroyed key does not come back: what it sealed stays sealed for ever, in backups too as far as they lack the key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEYS = """
CREATE FUNCTION person_key_stays_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.wrapped_key IS NULL OR (NEW.wrapped_key IS NOT NULL AND NEW.wrapped_key <> OLD.wrapped_key) THEN
        RAISE EXCEPTION 'the key of a person is destroyed and nothing else' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER person_key_destroyed BEFORE UPDATE ON person_keys
    FOR EACH ROW EXECUTE FUNCTION person_key_stays_destroyed();
"""


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_person_keys_destroyed")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_person_keys_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_person_keys")),
    )
    run_sql(_KEYS)
    op.add_column("drivers", sa.Column("suspended_by", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_drivers_suspended_by"), "drivers", "suspended_by IN ('staff', 'documents')")
    run_sql("UPDATE drivers SET suspended_by = 'staff' WHERE status = 'suspended'")
    op.create_table(
        "driver_documents",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_last_digits", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_timer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('driving_license', 'identity_card', 'vehicle_registration', 'vehicle_insurance',"
            " 'professional_license', 'background_check')",
            name=op.f("ck_driver_documents_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('submitted', 'accepted', 'rejected', 'superseded', 'expired')",
            name=op.f("ck_driver_documents_status"),
        ),
        sa.CheckConstraint("size_bytes BETWEEN 1 AND 3145728", name=op.f("ck_driver_documents_size_bytes")),
        sa.CheckConstraint(
            "content_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name=op.f("ck_driver_documents_content_type"),
        ),
        sa.CheckConstraint("octet_length(content_sha256) = 32", name=op.f("ck_driver_documents_content_sha256")),
        sa.CheckConstraint(
            "next_timer_at IS NULL OR (status = 'accepted' AND expires_on IS NOT NULL)",
            name=op.f("ck_driver_documents_timer"),
        ),
        sa.CheckConstraint("(status = 'submitted') = (reviewed_at IS NULL)", name=op.f("ck_driver_documents_reviewed")),
        sa.CheckConstraint("version > 0", name=op.f("ck_driver_documents_version")),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["drivers.driver_id"], name=op.f("fk_driver_documents_driver_id_drivers")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_driver_documents")),
    )
    op.create_index("ix_driver_documents_newest", "driver_documents", ["driver_id", "submitted_at", "document_id"])
    op.create_index(
        "ux_driver_documents_accepted",
        "driver_documents",
        ["driver_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status = 'accepted'"),
    )
    op.create_index(
        "ix_driver_documents_timer",
        "driver_documents",
        ["next_timer_at"],
        postgresql_where=sa.text("next_timer_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("driver_documents")
    op.drop_constraint(op.f("ck_drivers_suspended_by"), "drivers", type_="check")
    op.drop_column("drivers", "suspended_by")
    run_sql("DROP TABLE person_keys; DROP FUNCTION person_key_stays_destroyed();")
