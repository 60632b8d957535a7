"""rides that are asked for ahead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import SqlScript, run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOVES = (
    ("scheduled", "canceled_by_platform"),
    ("scheduled", "canceled_by_rider"),
    ("scheduled", "matching"),
    ("scheduled", "payment_failed"),
    ("scheduled", "requested"),
)
LIVE_STATES = ("arrived", "driver_en_route", "in_progress", "matching", "offered", "requested", "returning")
END_STATES = (
    "canceled_by_platform",
    "canceled_by_rider",
    "completed",
    "no_driver_available",
    "no_show",
    "payment_failed",
    "returned",
)
PAYMENT_STATES = (
    "capture_pending",
    "captured",
    "held",
    "hold_declined",
    "hold_pending",
    "void_pending",
    "voided",
)
TIMES = ("pickup_at", "hold_at", "remind_at", "dispatch_at")

# Of one rider no two scheduled rides are at one time. An exclusion over rider and time would want an extension that the
# embedded server lacks; so the rider is a part of the number that the range is made of: 62 of these bits are random.
NO_OVERLAP = SqlScript(
    create="""
        CREATE FUNCTION ride_schedule(rider_id uuid, pickup_at timestamptz, trip_seconds integer) RETURNS numrange
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT numrange(
                bits * 100000000000 + extract(epoch FROM pickup_at),
                bits * 100000000000 + extract(epoch FROM pickup_at) + greatest(trip_seconds, 60)
            ) FROM (SELECT ('x' || right(replace(rider_id::text, '-', ''), 16))::bit(64)::bigint::numeric AS bits) AS r
        $$;
        ALTER TABLE ride ADD CONSTRAINT ex_ride_schedule EXCLUDE USING gist (
            ride_schedule(rider_id, pickup_at, trip_seconds) WITH &&
        ) WHERE (state = 'scheduled');
    """,
    drop="""
        ALTER TABLE ride DROP CONSTRAINT ex_ride_schedule; DROP FUNCTION ride_schedule(uuid, timestamptz, integer);
    """,
)


def upgrade() -> None:
    op.add_column("quote", sa.Column("pickup_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("ride", "ride_edit"):
        for name in TIMES:
            op.add_column(table, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("ride", sa.Column("timer_at", sa.DateTime(timezone=True), nullable=True))
    _check_states((*LIVE_STATES, "scheduled"), (*PAYMENT_STATES, "hold_not_due"), ("requested", "scheduled"))
    for name, condition in (
        ("timer_while_scheduled", "(state = 'scheduled') = (timer_at IS NOT NULL)"),
        ("schedule_whole", "(pickup_at IS NULL) = (dispatch_at IS NULL)"),
        ("timer_of_a_schedule", "timer_at IS NULL OR pickup_at IS NOT NULL"),
        ("hold_due_once_begun", "payment_state <> 'hold_not_due' OR state = 'scheduled'"),
    ):
        op.create_check_constraint(op.f(f"ck_ride_{name}"), "ride", condition)
    op.create_index(
        "ix_ride_timer", "ride", ["timer_at"], unique=False, postgresql_where=sa.text("timer_at IS NOT NULL")
    )
    moves = sa.table("legal_ride_move", sa.column("from_state"), sa.column("to_state"))
    op.bulk_insert(moves, [{"from_state": before, "to_state": after} for before, after in MOVES])
    run_sql(NO_OVERLAP.create)


def downgrade() -> None:
    # Fails while there are rides that wait for their time: the release before would not begin them.
    run_sql(NO_OVERLAP.drop)
    op.execute(sa.text("DELETE FROM legal_ride_move WHERE from_state = 'scheduled'"))
    op.drop_index("ix_ride_timer", table_name="ride", postgresql_where=sa.text("timer_at IS NOT NULL"))
    for name in ("hold_due_once_begun", "timer_of_a_schedule", "schedule_whole", "timer_while_scheduled"):
        op.drop_constraint(op.f(f"ck_ride_{name}"), "ride", type_="check")
    _check_states(LIVE_STATES, PAYMENT_STATES, ("requested",))
    op.drop_column("ride", "timer_at")
    for table in ("ride_edit", "ride"):
        for name in reversed(TIMES):
            op.drop_column(table, name)
    op.drop_column("quote", "pickup_at")


def _check_states(live: tuple[str, ...], payment: tuple[str, ...], initial: tuple[str, ...]) -> None:
    for table, name, condition in (
        ("ride", "state", f"state IN ({_listed(*live, *END_STATES)})"),
        ("ride", "ended", f"(state IN ({_listed(*live)})) = (ended_at IS NULL)"),
        ("ride", "payment_state", f"payment_state IN ({_listed(*payment)})"),
        ("ride_transition", "begins_requested", f"from_state IS NOT NULL OR to_state IN ({_listed(*initial)})"),
    ):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _listed(*states: str) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))
