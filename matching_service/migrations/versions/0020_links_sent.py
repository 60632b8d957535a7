"""links of rides that are sent to trusted contacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ride_share", sa.Column("sent_count", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_ride_share_sent"), "ride_share", "sent_count BETWEEN 0 AND 5")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_ride_share_sent"), "ride_share")
    op.drop_column("ride_share", "sent_count")
