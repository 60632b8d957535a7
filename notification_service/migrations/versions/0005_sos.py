"""trusted contacts and calls for help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The row that counts is locked by its neighbors: two that come at once cannot both be the fifth.
_FIVE_AT_MOST = """
CREATE FUNCTION trusted_contacts_are_few() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.account_id::text, 5));
  IF (SELECT count(*) FROM trusted_contact WHERE account_id = NEW.account_id) >= 5 THEN
    RAISE EXCEPTION 'an account has five trusted contacts at most' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'ck_trusted_contact_few';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER trusted_contact_few BEFORE INSERT ON trusted_contact
  FOR EACH ROW EXECUTE FUNCTION trusted_contacts_are_few();
"""


def upgrade() -> None:
    op.create_table(
        "trusted_contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("phone_number ~ '^[+][1-9][0-9]{6,14}$'", name=op.f("ck_trusted_contact_phone_number")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_trusted_contact")),
        sa.UniqueConstraint("account_id", "phone_number", name=op.f("uq_trusted_contact_account_id_phone_number")),
    )
    op.create_table(
        "sos",
        sa.Column("sos_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_sos_place")),
        sa.PrimaryKeyConstraint("sos_id", name=op.f("pk_sos")),
        sa.UniqueConstraint("account_id", "request_id", name=op.f("uq_sos_account_id_request_id")),
    )
    op.create_index(op.f("ix_sos_raised_at_sos_id"), "sos", ["raised_at", "sos_id"], unique=False)
    op.execute(_FIVE_AT_MOST)


def downgrade() -> None:
    raise ForwardOnlyError("people's trusted contacts would be lost")
