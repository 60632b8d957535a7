"""rides offers and shifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import SqlScript, append_only, run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LEGAL_RIDE_MOVES = (
    ("arrived", "canceled_by_platform"),
    ("arrived", "canceled_by_rider"),
    ("arrived", "in_progress"),
    ("arrived", "matching"),
    ("arrived", "no_show"),
    ("driver_en_route", "arrived"),
    ("driver_en_route", "canceled_by_platform"),
    ("driver_en_route", "canceled_by_rider"),
    ("driver_en_route", "matching"),
    ("in_progress", "canceled_by_platform"),
    ("in_progress", "completed"),
    ("matching", "canceled_by_platform"),
    ("matching", "canceled_by_rider"),
    ("matching", "no_driver_available"),
    ("matching", "offered"),
    ("offered", "canceled_by_platform"),
    ("offered", "canceled_by_rider"),
    ("offered", "driver_en_route"),
    ("offered", "matching"),
    ("requested", "canceled_by_platform"),
    ("requested", "canceled_by_rider"),
    ("requested", "matching"),
    ("requested", "payment_failed"),
)
"""`ride_states.TRANSITIONS` as it stood with this revision."""

# A move of a ride is recorded by the database itself, and the record's foreign key judges it: neither a bug nor a hand
# at the console can take a ride where the table of states does not lead.
RIDE_MOVES_RECORDED = SqlScript(
    create="""
        CREATE FUNCTION record_ride_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO ride_transition (ride_id, version, from_state, to_state, occurred_at, driver_id, reason)
            VALUES (
                NEW.id, NEW.version, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.moved_at,
                NEW.driver_id, CASE WHEN NEW.words <> '' THEN NEW.words ELSE NEW.reason END
            );
            RETURN NULL;
        END $$;
        CREATE TRIGGER ride_begun AFTER INSERT ON ride FOR EACH ROW EXECUTE FUNCTION record_ride_move();
        CREATE TRIGGER ride_moved AFTER UPDATE ON ride FOR EACH ROW
            WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION record_ride_move();
    """,
    drop="""
        DROP TRIGGER ride_moved ON ride; DROP TRIGGER ride_begun ON ride; DROP FUNCTION record_ride_move();
    """,
)
TRANSITIONS_KEPT = append_only("ride_transition")


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "consumer", name=op.f("pk_dead_letters")),
    )
    op.create_index(op.f("ix_dead_letters_parked_at_event_id"), "dead_letters", ["parked_at", "event_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "method", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_claimed_at"), "idempotency_keys", ["claimed_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "consumer", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_consumed_at"), "inbox", ["consumed_at"], unique=False)
    op.create_table(
        "legal_ride_move",
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_legal_ride_move")),
        comment="The state machine of rides as the database holds it: ride_states.TRANSITIONS",
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unpublished", "outbox", ["seq"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("pickup_latitude", sa.Float(precision=53), nullable=False),
        sa.Column("pickup_longitude", sa.Float(precision=53), nullable=False),
        sa.Column("pickup_address", sa.Text(), nullable=False),
        sa.Column("dropoff_latitude", sa.Float(precision=53), nullable=False),
        sa.Column("dropoff_longitude", sa.Float(precision=53), nullable=False),
        sa.Column("dropoff_address", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("fare_lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("distance_meters", sa.Integer(), nullable=False),
        sa.Column("trip_eta_seconds", sa.Integer(), nullable=False),
        sa.Column("pickup_eta_seconds", sa.Integer(), nullable=True),
        sa.Column("surge_permille", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("distance_meters >= 0 AND trip_eta_seconds >= 0", name=op.f("ck_quote_trip_not_negative")),
        sa.CheckConstraint("surge_permille >= 1000", name=op.f("ck_quote_surge_at_least_none")),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_quote_total_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
    )
    op.create_index("ix_quote_expires_at", "quote", ["expires_at"], unique=False)
    op.create_table(
        "ride",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("rider_name", sa.Text(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("payment_method_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("pickup_latitude", sa.Float(precision=53), nullable=False),
        sa.Column("pickup_longitude", sa.Float(precision=53), nullable=False),
        sa.Column("pickup_address", sa.Text(), nullable=False),
        sa.Column("dropoff_latitude", sa.Float(precision=53), nullable=False),
        sa.Column("dropoff_longitude", sa.Float(precision=53), nullable=False),
        sa.Column("dropoff_address", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("fare_total_minor", sa.BigInteger(), nullable=False),
        sa.Column("fare_lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fee_kind", sa.Text(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("distance_meters", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("start_pin", sa.Text(), nullable=False),
        sa.Column("pin_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("driver_name", sa.Text(), nullable=True),
        sa.Column("vehicle_model", sa.Text(), nullable=True),
        sa.Column("vehicle_color", sa.Text(), nullable=True),
        sa.Column("vehicle_plate", sa.Text(), nullable=True),
        sa.Column("pickup_eta_seconds", sa.Integer(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("words", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("saga_next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("saga_leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("saga_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("saga_error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "(payment_state IN ('capture_pending', 'hold_pending', 'void_pending'))"
            " = (saga_next_attempt_at IS NOT NULL)",
            name=op.f("ck_ride_saga_step_owed"),
        ),
        sa.CheckConstraint(
            "(state IN ('arrived', 'driver_en_route', 'in_progress', 'matching', 'offered', 'requested'))"
            " = (ended_at IS NULL)",
            name=op.f("ck_ride_ended"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('arrived', 'driver_en_route', 'in_progress')) OR driver_id IS NOT NULL",
            name=op.f("ck_ride_driver_bound"),
        ),
        sa.CheckConstraint(
            "payment_state <> 'capture_pending' OR driver_id IS NOT NULL", name=op.f("ck_ride_capture_has_a_driver")
        ),
        sa.CheckConstraint(
            "payment_state IN ('capture_pending', 'captured', 'held', 'hold_declined', 'hold_pending', "
            "'void_pending', 'voided')",
            name=op.f("ck_ride_payment_state"),
        ),
        sa.CheckConstraint("start_pin ~ '^[0-9]{4}$'", name=op.f("ck_ride_start_pin")),
        sa.CheckConstraint(
            "state IN ('arrived', 'canceled_by_platform', 'canceled_by_rider', 'completed', 'driver_en_route', "
            "'in_progress', 'matching', 'no_driver_available', 'no_show', 'offered', 'payment_failed', 'requested')",
            name=op.f("ck_ride_state"),
        ),
        sa.CheckConstraint("(fee_kind IS NULL) = (fee_minor IS NULL)", name=op.f("ck_ride_fee_whole")),
        sa.CheckConstraint("fare_total_minor > 0", name=op.f("ck_ride_fare_above_zero")),
        sa.CheckConstraint("fee_minor > 0 AND fee_minor <= fare_total_minor", name=op.f("ck_ride_fee_within_fare")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ride")),
        sa.UniqueConstraint("quote_id", name=op.f("uq_ride_quote_id")),
    )
    op.create_index(
        "ix_ride_driver", "ride", ["driver_id", "id"], unique=False, postgresql_where=sa.text("driver_id IS NOT NULL")
    )
    op.create_index("ix_ride_requested_at", "ride", ["requested_at"], unique=False)
    op.create_index("ix_ride_rider", "ride", ["rider_id", "id"], unique=False)
    op.create_index(
        "ix_ride_saga",
        "ride",
        ["saga_next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("saga_next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ride_waiting",
        "ride",
        ["state", "search_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('requested', 'matching')"),
    )
    op.create_index(
        "uq_ride_live_driver",
        "ride",
        ["driver_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('arrived', 'driver_en_route', 'in_progress')"),
    )
    op.create_index(
        "uq_ride_live_rider",
        "ride",
        ["rider_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('arrived', 'driver_en_route', 'in_progress', 'matching', 'offered', 'requested')"
        ),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("driver_name", sa.Text(), nullable=False),
        sa.Column("vehicle_model", sa.Text(), nullable=False),
        sa.Column("vehicle_color", sa.Text(), nullable=False),
        sa.Column("vehicle_plate", sa.Text(), nullable=False),
        sa.Column("vehicle_class", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_after_ride", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("vehicle_class IN ('economy', 'wheelchair', 'xl')", name=op.f("ck_shift_vehicle_class")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_driver", "shift", ["driver_id", "id"], unique=False)
    op.create_index(
        "uq_shift_open_driver", "shift", ["driver_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("released_at >= assigned_at", name=op.f("ck_assignment_released_after_assigned")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_assignment_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_driver", "assignment", ["driver_id", "assigned_at"], unique=False)
    op.create_index("ix_assignment_released_at", "assignment", ["released_at"], unique=False)
    op.create_index("ix_assignment_ride", "assignment", ["ride_id", "assigned_at"], unique=False)
    op.create_index(
        "uq_assignment_open_driver",
        "assignment",
        ["driver_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "uq_assignment_open_ride",
        "assignment",
        ["ride_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "cancel_consent",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_cancel_consent_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", name=op.f("pk_cancel_consent")),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pickup_eta_seconds", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(precision=53), nullable=False),
        sa.Column("earnings_minor", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_offer_closed")),
        sa.CheckConstraint(
            "state IN ('accepted', 'declined', 'expired', 'open', 'withdrawn')", name=op.f("ck_offer_state")
        ),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_offer_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_due", "offer", ["expires_at"], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_offer_ride", "offer", ["ride_id", "created_at"], unique=False)
    op.create_index(
        "uq_offer_accepted_ride",
        "offer",
        ["ride_id"],
        unique=True,
        postgresql_where=sa.text("state = 'accepted' AND NOT given_back"),
    )
    op.create_index(
        "uq_offer_open_driver", "offer", ["driver_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("uq_offer_open_ride", "offer", ["ride_id"], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "ride_exclusion",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause IN ('declined', 'expired', 'gave_back')", name=op.f("ck_ride_exclusion_cause")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_exclusion_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", "driver_id", name=op.f("pk_ride_exclusion")),
    )
    op.create_table(
        "ride_transition",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "from_state IS NOT NULL OR to_state = 'requested'", name=op.f("ck_ride_transition_begins_requested")
        ),
        sa.ForeignKeyConstraint(
            ["from_state", "to_state"],
            ["legal_ride_move.from_state", "legal_ride_move.to_state"],
            name="fk_ride_transition_legal_ride_move",
        ),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_transition_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", "version", name=op.f("pk_ride_transition")),
        comment="Written by a trigger on ride, so that no move of a ride goes unrecorded or unjudged",
    )
    moves = sa.table("legal_ride_move", sa.column("from_state"), sa.column("to_state"))
    op.bulk_insert(moves, [{"from_state": before, "to_state": after} for before, after in LEGAL_RIDE_MOVES])
    run_sql(RIDE_MOVES_RECORDED.create, TRANSITIONS_KEPT.create)


def downgrade() -> None:
    run_sql(TRANSITIONS_KEPT.drop, RIDE_MOVES_RECORDED.drop)
    op.drop_table("ride_transition")
    op.drop_table("ride_exclusion")
    op.drop_index("uq_offer_open_ride", table_name="offer", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("uq_offer_open_driver", table_name="offer", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(
        "uq_offer_accepted_ride", table_name="offer", postgresql_where=sa.text("state = 'accepted' AND NOT given_back")
    )
    op.drop_index("ix_offer_ride", table_name="offer")
    op.drop_index("ix_offer_due", table_name="offer", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("offer")
    op.drop_table("cancel_consent")
    op.drop_index("uq_assignment_open_ride", table_name="assignment", postgresql_where=sa.text("released_at IS NULL"))
    op.drop_index("uq_assignment_open_driver", table_name="assignment", postgresql_where=sa.text("released_at IS NULL"))
    op.drop_index("ix_assignment_ride", table_name="assignment")
    op.drop_index("ix_assignment_released_at", table_name="assignment")
    op.drop_index("ix_assignment_driver", table_name="assignment")
    op.drop_table("assignment")
    op.drop_index("uq_shift_open_driver", table_name="shift", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_shift_driver", table_name="shift")
    op.drop_table("shift")
    op.drop_index(
        "uq_ride_live_rider",
        table_name="ride",
        postgresql_where=sa.text(
            "state IN ('arrived', 'driver_en_route', 'in_progress', 'matching', 'offered', 'requested')"
        ),
    )
    op.drop_index(
        "uq_ride_live_driver",
        table_name="ride",
        postgresql_where=sa.text("state IN ('arrived', 'driver_en_route', 'in_progress')"),
    )
    op.drop_index("ix_ride_waiting", table_name="ride", postgresql_where=sa.text("state IN ('requested', 'matching')"))
    op.drop_index("ix_ride_saga", table_name="ride", postgresql_where=sa.text("saga_next_attempt_at IS NOT NULL"))
    op.drop_index("ix_ride_rider", table_name="ride")
    op.drop_index("ix_ride_requested_at", table_name="ride")
    op.drop_index("ix_ride_driver", table_name="ride", postgresql_where=sa.text("driver_id IS NOT NULL"))
    op.drop_table("ride")
    op.drop_index("ix_quote_expires_at", table_name="quote")
    op.drop_table("quote")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_published_at", table_name="outbox", postgresql_where=sa.text("published_at IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_table("legal_ride_move")
    op.drop_index(op.f("ix_inbox_consumed_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_keys_claimed_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(op.f("ix_dead_letters_parked_at_event_id"), table_name="dead_letters")
    op.drop_table("dead_letters")
