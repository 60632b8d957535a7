"""Travel times that completed trips taught."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only, run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TRAVEL_TIMES_KEPT = append_only("travel_times")


def upgrade() -> None:
    op.create_table(
        "travel_times",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("map_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("error_before", sa.Float(53), nullable=False),
        sa.Column("error_after", sa.Float(53), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("start_seconds", sa.Float(53), nullable=False),
        sa.Column("factors", sa.ARRAY(sa.Float(53)), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_travel_times_version_counts")),
        sa.CheckConstraint("trips > 0", name=op.f("ck_travel_times_taught")),
        sa.CheckConstraint("start_seconds BETWEEN 0 AND 3600", name=op.f("ck_travel_times_start_bounded")),
        sa.CheckConstraint(
            "cardinality(factors) = 168 AND array_position(factors, NULL) IS NULL"
            " AND 0 < ALL (factors) AND 100 > ALL (factors)",
            name=op.f("ck_travel_times_factors_whole"),
        ),
        sa.PrimaryKeyConstraint("provider", "map_id", "version", name=op.f("pk_travel_times")),
        comment="Append-only: what trips taught of travel times; of a provider and map the newest in force counts",
    )
    run_sql(TRAVEL_TIMES_KEPT.create)


def downgrade() -> None:
    run_sql(TRAVEL_TIMES_KEPT.drop)
    op.drop_table("travel_times")
