"""Sign-ins of an account on a device are found by an index, also those that ended.

Each sign-in asks whether the device is new, while it holds the account.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_sign_ins_account_id_device_id"), "sign_ins", ["account_id", "device_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sign_ins_account_id_device_id"), "sign_ins")
