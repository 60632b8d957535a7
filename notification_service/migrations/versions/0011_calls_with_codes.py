"""calls that are to tell a code are found by their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_delivery_call",
        "delivery",
        ["target"],
        unique=False,
        postgresql_where=sa.text("channel = 'voice' AND state = 'pending'"),
    )


def downgrade() -> None:
    raise ForwardOnlyError("0011")
