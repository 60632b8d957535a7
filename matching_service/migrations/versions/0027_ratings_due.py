"""rides whose rating is due.

Rides that were completed before have no time at which their rider is asked: nobody is asked for last week's stars.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ride", sa.Column("rating_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_ride_rating_due_once_completed"), "ride", "rating_due_at IS NULL OR state = 'completed'"
    )
    op.create_index(
        "ix_ride_rating_due",
        "ride",
        ["rating_due_at"],
        unique=False,
        postgresql_where=sa.text("rating_due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_ride_rating_due", table_name="ride")
    op.drop_constraint(op.f("ck_ride_rating_due_once_completed"), "ride")
    op.drop_column("ride", "rating_due_at")
