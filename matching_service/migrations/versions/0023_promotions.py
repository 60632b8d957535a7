"""promotions: codes, who redeemed them, and the rides that have them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# The limits are checks on counts, and the counts are kept here, whoever writes: of redemptions by one statement on the
# promotion's row, which of many at once lets each go by what the ones before it left; of uses by counting the rides.
COUNTED = """
    CREATE FUNCTION keep_promotion() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE'
            OR to_jsonb(NEW) - ARRAY['redemption_count', 'version', 'ended_at', 'ended_by', 'end_note']
                IS DISTINCT FROM
                to_jsonb(OLD) - ARRAY['redemption_count', 'version', 'ended_at', 'ended_by', 'end_note']
            OR NEW.redemption_count NOT IN (OLD.redemption_count, OLD.redemption_count + 1)
            OR (OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by, NEW.end_note, NEW.version)
                IS DISTINCT FROM (OLD.ended_at, OLD.ended_by, OLD.end_note, OLD.version))
        THEN
            RAISE EXCEPTION 'the terms of a promotion stand'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_promotion_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER promotion_kept BEFORE UPDATE OR DELETE ON promotion
        FOR EACH ROW EXECUTE FUNCTION keep_promotion();

    CREATE FUNCTION count_redemption() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE promotion SET redemption_count = redemption_count + 1
        WHERE id = NEW.promotion_id AND ended_at IS NULL
            AND starts_at <= NEW.redeemed_at AND NEW.redeemed_at < ends_at
        RETURNING uses_per_rider INTO NEW.uses_per_rider;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the promotion is not in force'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_promotion_redemption_in_force';
        END IF;
        NEW.uses := 0;
        RETURN NEW;
    END $$;
    CREATE TRIGGER promotion_redemption_counted BEFORE INSERT ON promotion_redemption
        FOR EACH ROW EXECUTE FUNCTION count_redemption();

    CREATE FUNCTION keep_redemption() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (NEW.promotion_id, NEW.rider_id, NEW.redeemed_at, NEW.uses_per_rider)
            IS DISTINCT FROM (OLD.promotion_id, OLD.rider_id, OLD.redeemed_at, OLD.uses_per_rider)
        THEN
            RAISE EXCEPTION 'a redemption stands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_promotion_redemption_kept';
        END IF;
        SELECT count(*) INTO NEW.uses FROM ride
        WHERE promotion_id = NEW.promotion_id AND rider_id = NEW.rider_id
            AND (ended_at IS NULL OR state IN ('completed', 'returned'));
        RETURN NEW;
    END $$;
    CREATE TRIGGER promotion_redemption_kept BEFORE UPDATE OR DELETE ON promotion_redemption
        FOR EACH ROW EXECUTE FUNCTION keep_redemption();

    CREATE FUNCTION count_use_of_ride() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' AND (SELECT first_ride_only FROM promotion WHERE id = NEW.promotion_id) THEN
            -- Two first rides of one rider, by two codes, would each come without the other.
            PERFORM pg_advisory_xact_lock(hashtextextended('first ride:' || NEW.rider_id, 0));
            IF EXISTS (
                SELECT 1 FROM ride WHERE rider_id = NEW.rider_id AND id <> NEW.id
                AND (ended_at IS NULL OR state IN ('completed', 'returned'))
            ) THEN
                RAISE EXCEPTION 'the rider has ridden before'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_first_ride';
            END IF;
        END IF;
        -- Once its row is locked, the count is made anew.
        UPDATE promotion_redemption SET uses = uses
        WHERE promotion_id = NEW.promotion_id AND rider_id = NEW.rider_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER ride_promotion_taken AFTER INSERT ON ride FOR EACH ROW
        WHEN (NEW.promotion_id IS NOT NULL) EXECUTE FUNCTION count_use_of_ride();
    CREATE TRIGGER ride_promotion_closed AFTER UPDATE ON ride FOR EACH ROW
        WHEN (
            NEW.promotion_id IS NOT NULL
            AND (OLD.state, OLD.ended_at) IS DISTINCT FROM (NEW.state, NEW.ended_at)
            AND (OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL)
        ) EXECUTE FUNCTION count_use_of_ride();

    CREATE FUNCTION refuse_other_promotion() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a ride keeps the promotion that it was asked for with'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_promotion_kept';
    END $$;
    CREATE TRIGGER ride_promotion_kept BEFORE UPDATE ON ride FOR EACH ROW
        WHEN (NEW.promotion_id IS DISTINCT FROM OLD.promotion_id) EXECUTE FUNCTION refuse_other_promotion();
"""


def upgrade() -> None:
    op.create_table(
        "promotion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("percent_off_basis_points", sa.Integer(), nullable=False),
        sa.Column("amount_off_minor", sa.BigInteger(), nullable=False),
        sa.Column("most_off_minor", sa.BigInteger(), nullable=True),
        sa.Column("least_paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("products", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("redemption_limit", sa.Integer(), nullable=True),
        sa.Column("uses_per_rider", sa.Integer(), nullable=False),
        sa.Column("first_ride_only", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redemption_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z0-9-]{4,24}$'", name=op.f("ck_promotion_code")),
        sa.CheckConstraint("currency_code ~ '^[A-Z]{3}$'", name=op.f("ck_promotion_currency_code")),
        sa.CheckConstraint(
            "percent_off_basis_points BETWEEN 0 AND 10000 AND amount_off_minor >= 0"
            " AND (percent_off_basis_points > 0) <> (amount_off_minor > 0)",
            name=op.f("ck_promotion_takes_off_one_way"),
        ),
        sa.CheckConstraint("most_off_minor > 0 AND least_paid_minor > 0", name=op.f("ck_promotion_bounds")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_promotion_ends_after_start")),
        sa.CheckConstraint("redemption_limit > 0", name=op.f("ck_promotion_redemption_limit")),
        sa.CheckConstraint(
            "redemption_count BETWEEN 0 AND coalesce(redemption_limit, 2147483647)",
            name=op.f("ck_promotion_redemptions"),
        ),
        sa.CheckConstraint("uses_per_rider BETWEEN 1 AND 100", name=op.f("ck_promotion_uses_per_rider")),
        sa.CheckConstraint("NOT first_ride_only OR uses_per_rider = 1", name=op.f("ck_promotion_one_first_ride")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (version = 1)",
            name=op.f("ck_promotion_ended"),
        ),
        sa.CheckConstraint(
            "char_length(note) <= 500 AND char_length(end_note) <= 500", name=op.f("ck_promotion_notes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
        sa.UniqueConstraint("code", name=op.f("uq_promotion_code")),
        comment="What codes take off fares. The terms never change; redemptions are counted by a trigger",
    )
    op.create_table(
        "promotion_redemption",
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses_per_rider", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("uses BETWEEN 0 AND uses_per_rider", name=op.f("ck_promotion_redemption_uses")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_redemption_promotion_id_promotion")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "rider_id", name=op.f("pk_promotion_redemption")),
        comment="Promotions on riders' accounts; the uses are counted from the rides, whoever writes",
    )
    op.create_index("ix_promotion_redemption_rider", "promotion_redemption", ["rider_id", "redeemed_at"])
    op.create_table(
        "promotion_try",
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("window_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("tries BETWEEN 0 AND 10", name=op.f("ck_promotion_try_tries")),
        sa.PrimaryKeyConstraint("rider_id", name=op.f("pk_promotion_try")),
        comment="How many codes that are none each rider tried within the hour; kept for a day",
    )
    op.create_index("ix_promotion_try_window_began_at", "promotion_try", ["window_began_at"])
    op.add_column("quote", sa.Column("promotion_id", sa.Uuid(), nullable=True))
    op.add_column("quote", sa.Column("discount", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_check_constraint(op.f("ck_quote_promotion_whole"), "quote", "(promotion_id IS NULL) = (discount IS NULL)")
    # Without a rewrite of the table: the default is a constant.
    op.add_column("ride", sa.Column("promotion_id", sa.Uuid(), nullable=True))
    op.add_column("ride", sa.Column("promotion_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_ride_promotion"), "ride", "promotion_minor = 0 OR (promotion_minor > 0 AND promotion_id IS NOT NULL)"
    )
    op.create_foreign_key(
        "fk_ride_promotion",
        "ride",
        "promotion_redemption",
        ["promotion_id", "rider_id"],
        ["promotion_id", "rider_id"],
    )
    op.create_index(
        "ix_ride_promotion",
        "ride",
        ["promotion_id", "rider_id"],
        postgresql_where=sa.text("promotion_id IS NOT NULL"),
    )
    run_sql(COUNTED)


def downgrade() -> None:
    raise ForwardOnlyError("the rides that were promised a promotion would cost more")
