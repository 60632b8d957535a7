"""who has an address written to again, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lifted_suppression",
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "request_id", name=op.f("pk_lifted_suppression")),
    )
    op.create_index(
        op.f("ix_lifted_suppression_lifted_at_account_id_channel"),
        "lifted_suppression",
        ["lifted_at", "account_id", "channel"],
        unique=False,
    )
    op.create_index(op.f("ix_lifted_suppression_account_id"), "lifted_suppression", ["account_id"], unique=False)


def downgrade() -> None:
    raise ForwardOnlyError("0014")
