"""complaints of rides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import SqlScript, run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# What a rider said and what was decided is told as it was. Words alone may be emptied: of somebody who is erased.
DECIDED_ONCE = SqlScript(
    create="""
        CREATE FUNCTION keep_complaint() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE'
                OR (NEW.id, NEW.ride_id, NEW.rider_id, NEW.number, NEW.reason, NEW.raised_at)
                    IS DISTINCT FROM (OLD.id, OLD.ride_id, OLD.rider_id, OLD.number, OLD.reason, OLD.raised_at)
                OR NEW.words NOT IN (OLD.words, '')
                OR (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                    ('open', 'refund_pending'), ('open', 'rejected'),
                    ('refund_pending', 'refunded'), ('refund_pending', 'open')
                ))
                OR (OLD.state IN ('refunded', 'rejected') AND to_jsonb(NEW) - 'words' IS DISTINCT FROM
                    to_jsonb(OLD) - 'words')
            THEN
                RAISE EXCEPTION 'a complaint stands as it was made and decided'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_complaint_kept';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER ride_complaint_kept BEFORE UPDATE OR DELETE ON ride_complaint
            FOR EACH ROW EXECUTE FUNCTION keep_complaint();
    """,
    drop="DROP TRIGGER ride_complaint_kept ON ride_complaint; DROP FUNCTION keep_complaint();",
)


def upgrade() -> None:
    op.create_table(
        "ride_complaint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("refund_borne_by", sa.Text(), nullable=True),
        sa.Column("refund_currency_code", sa.Text(), nullable=True),
        sa.Column("refund_minor", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'refund_pending', 'refunded', 'rejected')", name=op.f("ck_ride_complaint_state")
        ),
        sa.CheckConstraint(
            "reason IN ('asked_for_cash', 'not_my_ride', 'other', 'overcharged', 'wrong_route')",
            name=op.f("ck_ride_complaint_reason"),
        ),
        sa.CheckConstraint(
            "refund_borne_by IN ('platform', 'proportional')", name=op.f("ck_ride_complaint_refund_borne_by")
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 5", name=op.f("ck_ride_complaint_number")),
        sa.CheckConstraint(
            "char_length(words) <= 1000 AND char_length(answer) <= 500", name=op.f("ck_ride_complaint_words")
        ),
        sa.CheckConstraint("refund_minor > 0", name=op.f("ck_ride_complaint_refund_above_zero")),
        sa.CheckConstraint(
            "(refund_minor IS NULL) = (refund_currency_code IS NULL)", name=op.f("ck_ride_complaint_refund_whole")
        ),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name=op.f("ck_ride_complaint_decided")),
        sa.CheckConstraint(
            "(state IN ('refund_pending', 'refunded')) = (refund_borne_by IS NOT NULL)",
            name=op.f("ck_ride_complaint_refund_decided"),
        ),
        sa.CheckConstraint("(state = 'refunded') = (refund_id IS NOT NULL)", name=op.f("ck_ride_complaint_refunded")),
        sa.CheckConstraint(
            "(state IN ('refunded', 'rejected')) = (closed_at IS NOT NULL)", name=op.f("ck_ride_complaint_closed")
        ),
        sa.CheckConstraint(
            "(state = 'refund_pending') = (due_at IS NOT NULL)", name=op.f("ck_ride_complaint_refund_owed")
        ),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_complaint_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ride_complaint")),
        sa.UniqueConstraint("ride_id", "number", name=op.f("uq_ride_complaint_ride_id_number")),
        comment="What riders say was wrong with rides, and what was decided",
    )
    op.create_index(
        "uq_ride_complaint_undecided",
        "ride_complaint",
        ["ride_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'refund_pending')"),
    )
    op.create_index("ix_ride_complaint_state", "ride_complaint", ["state", "id"])
    op.create_index(
        "ix_ride_complaint_due", "ride_complaint", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    run_sql(DECIDED_ONCE.create)


def downgrade() -> None:
    run_sql(DECIDED_ONCE.drop)
    op.drop_table("ride_complaint")
