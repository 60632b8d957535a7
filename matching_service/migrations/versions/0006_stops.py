"""stops and passengers of quotes and rides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults that stay: rides and quotes of replicas that do not know of them have one passenger and no stops.
    op.add_column("quote", sa.Column("stops", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("quote", sa.Column("passengers", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.create_check_constraint(op.f("ck_quote_passengers"), "quote", "passengers > 0")
    op.add_column("ride", sa.Column("passengers", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("ride", sa.Column("stop_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("ride", sa.Column("trip_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("ride", sa.Column("surge_permille", sa.Integer(), server_default=sa.text("1000"), nullable=False))
    op.create_check_constraint(op.f("ck_ride_passengers"), "ride", "passengers > 0")
    op.create_check_constraint(op.f("ck_ride_stop_count"), "ride", "stop_count >= 0")
    op.create_table(
        "ride_stop",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Float(precision=53), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name=op.f("ck_ride_stop_left")),
        sa.CheckConstraint(
            "(state IN ('reached', 'left')) = (reached_at IS NOT NULL)", name=op.f("ck_ride_stop_reached")
        ),
        sa.CheckConstraint("left_at >= reached_at", name=op.f("ck_ride_stop_left_after_reached")),
        sa.CheckConstraint("position > 0", name=op.f("ck_ride_stop_position")),
        sa.CheckConstraint("state IN ('left', 'pending', 'reached', 'skipped')", name=op.f("ck_ride_stop_state")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_stop_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ride_stop")),
        sa.UniqueConstraint(
            "ride_id",
            "position",
            name=op.f("uq_ride_stop_ride_id_position"),
            deferrable=True,
            initially="DEFERRED",
        ),
        comment="The stops between a ride's pickup and its dropoff, in the order of their positions",
    )
    op.create_index(
        "uq_ride_stop_reached", "ride_stop", ["ride_id"], unique=True, postgresql_where=sa.text("state = 'reached'")
    )


def downgrade() -> None:
    op.drop_index("uq_ride_stop_reached", table_name="ride_stop", postgresql_where=sa.text("state = 'reached'"))
    op.drop_table("ride_stop")
    for column in ("surge_permille", "trip_seconds", "stop_count", "passengers"):
        op.drop_column("ride", column)
    op.drop_column("quote", "passengers")
    op.drop_column("quote", "stops")
