"""edits of rides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_UNDER_WAY = "state IN ('awaiting_driver', 'hold_pending')"


def upgrade() -> None:
    # Defaults that stay: rides of replicas that do not know of edits go their way as it was asked for.
    for name in ("driven_meters", "driven_seconds"):
        op.add_column("ride", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("ride", sa.Column("held_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("ride", sa.Column("route_version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("ride", sa.Column("driven_to_latitude", sa.Float(precision=53), nullable=True))
    op.add_column("ride", sa.Column("driven_to_longitude", sa.Float(precision=53), nullable=True))
    op.add_column("ride", sa.Column("driven_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_ride_held_not_negative"), "ride", "held_minor >= 0")
    op.create_table(
        "ride_edit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("pickup", postgresql.JSONB(), nullable=False),
        sa.Column("dropoff", postgresql.JSONB(), nullable=False),
        sa.Column("stops", postgresql.JSONB(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("fare_total_minor", sa.BigInteger(), nullable=False),
        sa.Column("fare_lines", postgresql.JSONB(), nullable=False),
        sa.Column("fare_before_minor", sa.BigInteger(), nullable=False),
        sa.Column("distance_meters", sa.Integer(), nullable=False),
        sa.Column("trip_seconds", sa.Integer(), nullable=False),
        sa.Column("driven_meters", sa.Integer(), nullable=False),
        sa.Column("driven_seconds", sa.Integer(), nullable=False),
        sa.Column("driven_to_latitude", sa.Float(precision=53), nullable=True),
        sa.Column("driven_to_longitude", sa.Float(precision=53), nullable=True),
        sa.Column("added_seconds", sa.Integer(), nullable=False),
        sa.Column("route_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('applied', 'refused', 'lapsed')) = (closed_at IS NOT NULL)", name=op.f("ck_ride_edit_closed")
        ),
        sa.CheckConstraint(f"({_UNDER_WAY}) = (due_at IS NOT NULL)", name=op.f("ck_ride_edit_due_while_under_way")),
        sa.CheckConstraint("fare_total_minor > 0", name=op.f("ck_ride_edit_fare_above_zero")),
        sa.CheckConstraint(
            "state IN ('applied', 'awaiting_driver', 'hold_pending', 'lapsed', 'quoted', 'refused')",
            name=op.f("ck_ride_edit_state"),
        ),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_edit_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ride_edit")),
        comment="Other ways of rides, each at a price of its own, and what became of them",
    )
    op.create_index("ix_ride_edit_ride", "ride_edit", ["ride_id", "created_at"], unique=False)
    op.create_index(
        "ix_ride_edit_due", "ride_edit", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "uq_ride_edit_under_way", "ride_edit", ["ride_id"], unique=True, postgresql_where=sa.text(_UNDER_WAY)
    )


def downgrade() -> None:
    op.drop_index("uq_ride_edit_under_way", table_name="ride_edit", postgresql_where=sa.text(_UNDER_WAY))
    op.drop_index("ix_ride_edit_due", table_name="ride_edit", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_index("ix_ride_edit_ride", table_name="ride_edit")
    op.drop_table("ride_edit")
    for column in (
        "driven_at",
        "driven_to_longitude",
        "driven_to_latitude",
        "route_version",
        "held_minor",
        "driven_seconds",
        "driven_meters",
    ):
        op.drop_column("ride", column)
