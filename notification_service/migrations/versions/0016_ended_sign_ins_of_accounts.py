"""the ended sign-ins of somebody who leaves are found by it."""

from __future__ import annotations

from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_ended_sign_in_account_id"), "ended_sign_in", ["account_id"], unique=False)


def downgrade() -> None:
    raise ForwardOnlyError("0016")
