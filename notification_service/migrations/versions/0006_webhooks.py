"""endpoints of webhooks, and what is owed to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import ForwardOnlyError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("url ~ '^https?://'", name=op.f("ck_webhook_endpoint_url")),
        sa.CheckConstraint("secret ~ '^whsec_'", name=op.f("ck_webhook_endpoint_secret")),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name=op.f("ck_webhook_state")),
        sa.CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name=op.f("ck_webhook_finished")),
        sa.CheckConstraint("state <> 'failed' OR error <> ''", name=op.f("ck_webhook_reason")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.endpoint_id"],
            name=op.f("fk_webhook_endpoint_id_webhook_endpoint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("endpoint_id", "event_key", name=op.f("uq_webhook_endpoint_id_event_key")),
    )
    op.create_index(
        "ix_webhook_due", "webhook", ["endpoint_id", "next_attempt_at"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index("ix_webhook_of_endpoint", "webhook", ["endpoint_id", "created_at", "webhook_id"])
    op.create_index(op.f("ix_webhook_created_at"), "webhook", ["created_at"], unique=False)


def downgrade() -> None:
    raise ForwardOnlyError("endpoints and what is owed to them would be lost")
