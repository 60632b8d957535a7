"""notifications and deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "consumer", name=op.f("pk_dead_letters")),
    )
    op.create_index(op.f("ix_dead_letters_parked_at_event_id"), "dead_letters", ["parked_at", "event_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "consumer", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_consumed_at"), "inbox", ["consumed_at"], unique=False)
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=True),
        sa.Column("ride_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("in_inbox", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("live_type", sa.Text(), nullable=False),
        sa.Column("live_data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("account_id IS NOT NULL OR NOT in_inbox", name=op.f("ck_notification_inbox_has_an_owner")),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notification")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notification_dedupe_key")),
    )
    op.create_index(op.f("ix_notification_created_at"), "notification", ["created_at"], unique=False)
    op.create_index(
        "ix_notification_inbox",
        "notification",
        ["account_id", "created_at", "notification_id"],
        unique=False,
        postgresql_where=sa.text("in_inbox"),
    )
    op.create_table(
        "recipient",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_recipient")),
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("ride_id", sa.Uuid(), nullable=True),
        sa.Column("ride_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name=op.f("ck_delivery_finished")),
        sa.CheckConstraint("channel IN ('inbox', 'stream', 'sms')", name=op.f("ck_delivery_channel")),
        sa.CheckConstraint("state IN ('pending', 'sent', 'dropped', 'failed')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notification.notification_id"],
            name=op.f("fk_delivery_notification_id_notification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "notification_id", "channel", "target", name=op.f("uq_delivery_notification_id_channel_target")
        ),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["channel", "priority", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_delivery_order",
        "delivery",
        ["ride_id", "account_id", "channel", "ride_version"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_order", table_name="delivery", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_delivery_due", table_name="delivery", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("delivery")
    op.drop_table("recipient")
    op.drop_index("ix_notification_inbox", table_name="notification", postgresql_where=sa.text("in_inbox"))
    op.drop_index(op.f("ix_notification_created_at"), table_name="notification")
    op.drop_table("notification")
    op.drop_index(op.f("ix_inbox_consumed_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_dead_letters_parked_at_event_id"), table_name="dead_letters")
    op.drop_table("dead_letters")
