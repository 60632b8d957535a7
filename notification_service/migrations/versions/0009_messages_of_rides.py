"""what was owed for a ride is found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_notification_ride",
        "notification",
        ["ride_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("ride_id IS NOT NULL"),
    )


def downgrade() -> None:
    raise ForwardOnlyError("0009")
