"""rides whose rider is yet to be asked for stars.

Rides that were completed before have no row: nobody is asked for last week's stars.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating_due",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_rating_due_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", name=op.f("pk_rating_due")),
        comment="Completed rides whose rider is yet to be asked for stars; gone once that was seen to",
    )
    op.create_index("ix_rating_due_due_at", "rating_due", ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("rating_due")
