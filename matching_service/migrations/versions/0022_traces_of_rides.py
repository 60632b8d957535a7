"""the trace that a ride was asked for in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a rewrite of the table: the default is a constant.
    op.add_column("ride", sa.Column("traceparent", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    raise ForwardOnlyError
