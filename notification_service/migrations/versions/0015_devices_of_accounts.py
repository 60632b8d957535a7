"""all devices of somebody who leaves are found by it, those that were removed too."""

from __future__ import annotations

from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_device_account_id"), "device", ["account_id"], unique=False)


def downgrade() -> None:
    raise ForwardOnlyError("0015")
