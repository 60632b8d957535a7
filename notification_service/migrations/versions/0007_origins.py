"""what messages and webhooks were owed for, for telemetry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a rewrite of the tables: the defaults are constants.
    for table in ("notification", "webhook"):
        op.add_column(table, sa.Column("traceparent", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("notification", sa.Column("happened_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    raise ForwardOnlyError
