"""one request makes one endpoint of webhooks, however often it comes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Twenty rows at most: the index and the check are built in no time.
    op.add_column("webhook_endpoint", sa.Column("created_by", sa.Text(), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("request_id", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_webhook_endpoint_created_by_request_id"), "webhook_endpoint", ["created_by", "request_id"]
    )
    op.create_check_constraint(
        op.f("ck_webhook_endpoint_request"), "webhook_endpoint", "(created_by IS NULL) = (request_id IS NULL)"
    )


def downgrade() -> None:
    raise ForwardOnlyError("0012")
