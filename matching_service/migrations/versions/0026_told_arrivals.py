"""drivers of whom riders were told that they are about to be there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_arrival",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_told_arrival_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", "driver_id", name=op.f("pk_told_arrival")),
        comment="Drivers of whom a rider was told that they are about to be at the pickup",
    )
    op.create_index("ix_told_arrival_told_at", "told_arrival", ["told_at"], unique=False)


def downgrade() -> None:
    op.drop_table("told_arrival")
