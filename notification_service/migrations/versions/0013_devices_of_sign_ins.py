"""a device goes with the sign-in that registered it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device", sa.Column("sign_in_id", sa.Uuid(), nullable=True))
    op.create_table(
        "ended_sign_in",
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_ended_sign_in")),
    )
    op.create_index("ix_ended_sign_in_ended", "ended_sign_in", ["ended_at"])


def downgrade() -> None:
    raise ForwardOnlyError("0013")
