"""runs: what a driver has taken on, alone or for parties who share the vehicle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import SqlScript, run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

DRIVER_STATES = "state IN ('arrived', 'driver_en_route', 'in_progress', 'returning')"

# A ride that binds a driver is part of a run of that driver. Who binds the driver may name a run that is open and has a
# slot left; where none is named, one of its own is opened, so that replicas of the release before, and hands at the
# console, keep to it as well. The run is locked before it is judged, so two that come at once are judged one by one.
RUNS_KEPT = SqlScript(
    create="""
        CREATE FUNCTION keep_run_of_ride() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            bound CONSTANT text[] := ARRAY['arrived', 'driver_en_route', 'in_progress', 'returning'];
            joined run%ROWTYPE;
            taken integer;
        BEGIN
            IF NOT NEW.state = ANY (bound) THEN
                IF NEW.driver_id IS NULL THEN
                    NEW.run_id := NULL;
                    NEW.run_slot := NULL;
                END IF;
                RETURN NEW;
            END IF;
            IF TG_OP = 'UPDATE' AND OLD.state = ANY (bound) AND NEW.driver_id = OLD.driver_id
                AND NEW.run_id = OLD.run_id AND NEW.run_slot = OLD.run_slot AND NEW.kind = OLD.kind
                AND (NEW.kind <> 'pooled' OR NEW.state <> 'in_progress') THEN
                RETURN NEW;  -- the trip goes on
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.run_id IS NOT DISTINCT FROM OLD.run_id AND (
                NOT OLD.state = ANY (bound) OR NEW.driver_id IS DISTINCT FROM OLD.driver_id
            ) THEN
                IF NEW.kind = 'pooled' AND OLD.state = ANY (bound) THEN
                    RAISE EXCEPTION 'a ride that shares a vehicle does not change over to another'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_pooled_stays';
                END IF;
                NEW.run_id := NULL;
            END IF;
            IF NEW.run_id IS NULL THEN
                INSERT INTO run (id, driver_id, parties, seats, opened_at)
                VALUES (gen_random_uuid(), NEW.driver_id, 1, NEW.passengers, NEW.moved_at)
                RETURNING id INTO NEW.run_id;
                NEW.run_slot := 0;
                RETURN NEW;
            END IF;
            SELECT * INTO joined FROM run WHERE id = NEW.run_id FOR UPDATE;
            IF joined.closed_at IS NOT NULL THEN
                RAISE EXCEPTION 'the run is over' USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_run_open';
            END IF;
            IF joined.parties > 1 AND NEW.kind <> 'pooled' THEN
                RAISE EXCEPTION 'a ride of this kind shares no vehicle'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_run_shared';
            END IF;
            IF NEW.run_slot >= joined.parties THEN
                RAISE EXCEPTION 'the run has no such slot'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_run_slot';
            END IF;
            IF NEW.state = 'in_progress' AND joined.parties > 1 THEN
                SELECT coalesce(sum(passengers), 0) INTO taken
                FROM ride WHERE run_id = NEW.run_id AND id <> NEW.id AND state = 'in_progress';
                IF taken + NEW.passengers > joined.seats THEN
                    RAISE EXCEPTION 'the vehicle has no seat left'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ride_run_seats';
                END IF;
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER ride_run_kept BEFORE INSERT OR UPDATE OF state, driver_id, run_id, run_slot, kind ON ride
            FOR EACH ROW EXECUTE FUNCTION keep_run_of_ride();

        CREATE FUNCTION close_run_left() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM run WHERE id = OLD.run_id FOR UPDATE;
            UPDATE run SET closed_at = greatest(opened_at, NEW.moved_at)
            WHERE id = OLD.run_id AND closed_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM ride WHERE run_id = OLD.run_id
                AND state IN ('arrived', 'driver_en_route', 'in_progress', 'returning')
            );
            RETURN NULL;
        END $$;
        CREATE TRIGGER ride_run_left AFTER UPDATE ON ride FOR EACH ROW
            WHEN (
                OLD.run_id IS NOT NULL
                AND OLD.state IN ('arrived', 'driver_en_route', 'in_progress', 'returning')
                AND (
                    NEW.state NOT IN ('arrived', 'driver_en_route', 'in_progress', 'returning')
                    OR NEW.run_id IS DISTINCT FROM OLD.run_id
                )
            ) EXECUTE FUNCTION close_run_left();

        CREATE FUNCTION copy_run_of_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT run_id, coalesce(run_slot, 0) INTO NEW.run_id, NEW.run_slot
            FROM ride WHERE id = NEW.ride_id AND driver_id = NEW.driver_id;
            NEW.run_slot := coalesce(NEW.run_slot, 0);
            RETURN NEW;
        END $$;
        CREATE TRIGGER assignment_run_copied BEFORE INSERT ON assignment FOR EACH ROW
            WHEN (NEW.run_id IS NULL) EXECUTE FUNCTION copy_run_of_assignment();
    """,
    drop="""
        DROP TRIGGER assignment_run_copied ON assignment; DROP FUNCTION copy_run_of_assignment();
        DROP TRIGGER ride_run_left ON ride; DROP FUNCTION close_run_left();
        DROP TRIGGER ride_run_kept ON ride; DROP FUNCTION keep_run_of_ride();
    """,
)
# Rides that are under way while this runs get their runs now: the checks below ask for them.
RUNS_OF_LIVE_RIDES = f"""
    INSERT INTO run (id, driver_id, parties, seats, opened_at)
    SELECT id, driver_id, 1, passengers, coalesce(assigned_at, moved_at) FROM ride WHERE {DRIVER_STATES};
    UPDATE ride SET run_id = id, run_slot = 0 WHERE {DRIVER_STATES};
"""  # noqa: S608 (constants of this file)


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("parties", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("parties BETWEEN 1 AND 4", name=op.f("ck_run_parties")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_run_seats")),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_run_closed_after_opened")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("id", "driver_id", name=op.f("uq_run_id_driver_id")),
        comment="What a driver has taken on; opened and closed by triggers on ride, so whoever binds a driver has one",
    )
    op.create_index(
        "uq_run_open_driver", "run", ["driver_id"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.add_column("quote", sa.Column("max_detour_seconds", sa.Integer(), nullable=True))
    op.add_column("ride", sa.Column("sharing", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("ride", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("ride", sa.Column("run_slot", sa.Integer(), nullable=True))
    op.add_column("offer", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("offer", sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("assignment", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("assignment", sa.Column("run_slot", sa.Integer(), server_default=sa.text("0"), nullable=False))
    run_sql(RUNS_OF_LIVE_RIDES, RUNS_KEPT.create)
    op.create_foreign_key("fk_ride_run", "ride", "run", ["run_id", "driver_id"], ["id", "driver_id"])
    for name, condition in (
        ("sharing_of_a_pooled_ride", "(kind = 'pooled') = (sharing IS NOT NULL)"),
        ("run_whole", "(run_id IS NULL) = (run_slot IS NULL)"),
        ("driver_on_a_run", f"NOT ({DRIVER_STATES}) OR run_id IS NOT NULL"),
        ("run_slot", "run_slot >= 0 AND (kind = 'pooled' OR run_slot = 0)"),
    ):
        op.create_check_constraint(op.f(f"ck_ride_{name}"), "ride", condition)
    op.create_index("ix_ride_run", "ride", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL"))
    op.create_index(
        "uq_ride_live_run_slot", "ride", ["run_id", "run_slot"], unique=True, postgresql_where=sa.text(DRIVER_STATES)
    )
    _one_ride_a_driver(f"{DRIVER_STATES} AND kind <> 'pooled'", ["driver_id", "run_slot"])


def downgrade() -> None:
    # Fails while parties share a vehicle: the release before knows one live ride a driver.
    _one_ride_a_driver(DRIVER_STATES, ["driver_id"])
    op.drop_index("uq_ride_live_run_slot", table_name="ride", postgresql_where=sa.text(DRIVER_STATES))
    op.drop_index("ix_ride_run", table_name="ride", postgresql_where=sa.text("run_id IS NOT NULL"))
    for name in ("run_slot", "driver_on_a_run", "run_whole", "sharing_of_a_pooled_ride"):
        op.drop_constraint(op.f(f"ck_ride_{name}"), "ride", type_="check")
    op.drop_constraint("fk_ride_run", "ride", type_="foreignkey")
    run_sql(RUNS_KEPT.drop)
    for table, columns in (
        ("assignment", ("run_slot", "run_id")),
        ("offer", ("plan", "run_id")),
        ("ride", ("run_slot", "run_id", "sharing")),
        ("quote", ("max_detour_seconds",)),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.drop_index("uq_run_open_driver", table_name="run", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("run")


def _one_ride_a_driver(of_rides: str, of_assignments: list[str]) -> None:
    op.drop_index("uq_ride_live_driver", table_name="ride")
    op.create_index("uq_ride_live_driver", "ride", ["driver_id"], unique=True, postgresql_where=sa.text(of_rides))
    op.drop_index("uq_assignment_open_driver", table_name="assignment")
    op.create_index(
        "uq_assignment_open_driver",
        "assignment",
        of_assignments,
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
