"""completed rides by their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_ride_completed_at", "ride", ["ended_at"], unique=False, postgresql_where=sa.text("state = 'completed'")
    )


def downgrade() -> None:
    op.drop_index("ix_ride_completed_at", table_name="ride")
