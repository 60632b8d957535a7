"""what tells a campaign's news is found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notification", sa.Column("campaign_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    raise ForwardOnlyError("0011")
