"""secrets of endpoints are sealed.

The service seals those that stand here in plain once it runs: this migration has no key. A webhook that a process of
the version before claims meanwhile (also after a rollback) is left, and posted once this one claims it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoint", sa.Column("sealed_secret", sa.LargeBinary(), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("sealed_with", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.alter_column("webhook_endpoint", "secret", existing_type=sa.Text(), nullable=True)
    op.create_check_constraint(
        op.f("ck_webhook_endpoint_one_secret"), "webhook_endpoint", "(secret IS NULL) = (sealed_secret IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_webhook_endpoint_sealed_with"), "webhook_endpoint", "(sealed_secret IS NULL) = (sealed_with = '')"
    )


def downgrade() -> None:
    raise ForwardOnlyError("0010")
