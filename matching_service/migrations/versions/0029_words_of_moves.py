"""words of moves stand apart from their reasons.

The history of a ride takes no change, but what somebody said may have to go: the history keeps the stable reason, and a
table beside it, in the same months, keeps the words.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from chassis.migrations import run_sql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Words may go, with a person or with a month; nobody puts others into anybody's mouth.
_WORDS_STAND = """
    CREATE FUNCTION keep_ride_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'words are taken away, not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_words_kept';
    END $$;
    CREATE TRIGGER ride_words_kept BEFORE UPDATE ON ride_words FOR EACH ROW EXECUTE FUNCTION keep_ride_words();
"""
_MOVE = """
    INSERT INTO ride_transition (ride_id, version, from_state, to_state, occurred_at, driver_id, reason)
    VALUES (
        NEW.id, NEW.version, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.moved_at,
        NEW.driver_id, {reason}
    );
"""
# Who gives a ride back is no longer its driver.
_WORDS = """
    IF NEW.words <> '' THEN
        INSERT INTO ride_words (ride_id, version, said_by, words)
        VALUES (
            NEW.id, NEW.version,
            CASE
                WHEN NEW.state = 'canceled_by_rider' THEN NEW.rider_id
                WHEN NEW.state <> 'canceled_by_platform' AND NEW.reason <> 'operator_reassigned' THEN OLD.driver_id
            END,
            NEW.words
        );
    END IF;
"""
_PARTITIONS = text(
    "SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i "
    "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = CAST('ride_transition' AS regclass)"
)


def upgrade() -> None:
    op.create_table(
        "ride_words",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_words_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", "version", name=op.f("pk_ride_words")),
        postgresql_partition_by="RANGE (ride_id)",
        comment="What people gave as the cause of a ride's moves, written by the trigger that records these",
    )
    op.create_index("ix_ride_words_said_by", "ride_words", ["said_by"], postgresql_where=sa.text("said_by IS NOT NULL"))
    for name, bound in op.get_bind().execute(_PARTITIONS):
        run_sql(f"CREATE TABLE {name.replace('ride_transition', 'ride_words')} PARTITION OF ride_words {bound}")
    run_sql(_WORDS_STAND)
    _record(_MOVE.format(reason="NEW.reason") + _WORDS)


def downgrade() -> None:
    """Lose the words: the release before would write them where nobody can take them away."""
    _record(_MOVE.format(reason="CASE WHEN NEW.words <> '' THEN NEW.words ELSE NEW.reason END"))
    op.drop_table("ride_words")
    run_sql("DROP FUNCTION keep_ride_words()")


def _record(body: str) -> None:
    run_sql(
        f"""
        CREATE OR REPLACE FUNCTION record_ride_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {body} RETURN NULL;
        END $$;
        """
    )
