"""campaigns, and whom they may reach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import ForwardOnlyError

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('riders', 'drivers')", name=op.f("ck_audience_role")),
        sa.PrimaryKeyConstraint("role", "account_id", "city", name=op.f("pk_audience")),
    )
    op.create_index("ix_audience_city", "audience", ["role", "city", "account_id"], unique=False)
    op.create_index("ix_audience_account", "audience", ["account_id"], unique=False)
    # Whoever has an account by now is a rider; where they ride is learned from their rides to come.
    op.execute("INSERT INTO audience (role, account_id, city) SELECT 'riders', account_id, '' FROM recipient")
    op.create_table(
        "campaign",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told_to", sa.Uuid(), nullable=True),
        sa.Column("told_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'running') = (next_at IS NOT NULL)", name=op.f("ck_campaign_next")),
        sa.CheckConstraint("audience IN ('riders', 'drivers')", name=op.f("ck_campaign_audience")),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_campaign_state")),
        sa.CheckConstraint("told_count >= 0", name=op.f("ck_campaign_told_count")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("created_by", "request_id", name=op.f("uq_campaign_created_by_request_id")),
    )
    op.create_index("ix_campaign_newest", "campaign", ["created_at", "campaign_id"], unique=False)
    op.create_index(
        "ix_campaign_due", "campaign", ["next_at"], unique=False, postgresql_where=sa.text("next_at IS NOT NULL")
    )


def downgrade() -> None:
    raise ForwardOnlyError("0008")
