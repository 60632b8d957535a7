"""shifts that take no new ride are found by an index.

A tick asks for those that ended in the last minute, and for those that end after the ride under way.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ended, ends_after_ride = sa.text("ended_at IS NOT NULL"), sa.text("ended_at IS NULL AND ends_after_ride")
    op.create_index("ix_shift_ended", "shift", ["ended_at"], unique=False, postgresql_where=ended)
    op.create_index("ix_shift_ends_after_ride", "shift", ["driver_id"], unique=False, postgresql_where=ends_after_ride)


def downgrade() -> None:
    op.drop_index("ix_shift_ends_after_ride", "shift")
    op.drop_index("ix_shift_ended", "shift")
