"""why dispatch did what it did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatch_trace",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("waited_seconds", sa.Integer(), nullable=False),
        sa.Column("drivers_seen", sa.Integer(), nullable=False),
        sa.Column("drivers_free", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "fate IN ('contended', 'driver_taken', 'fenced', 'left_over', 'nobody', 'offered', 'rerouted',"
            " 'ride_gone', 'swap_offered')",
            name=op.f("ck_dispatch_trace_fate"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_trace")),
        comment="Why dispatch did what it did, for operators; judges nothing, is kept for three days, and may be lost",
    )
    op.create_index("ix_dispatch_trace_ride", "dispatch_trace", ["ride_id", "id"], unique=False)
    op.create_index("ix_dispatch_trace_ticked_at", "dispatch_trace", ["ticked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("dispatch_trace")
