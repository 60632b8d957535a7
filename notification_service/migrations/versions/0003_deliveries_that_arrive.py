"""devices, wishes, providers' health, and deliveries that are ordered by target, acknowledged and accounted for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import ForwardOnlyError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The one table of legal moves of a delivery: a release that forgets it is refused by the database.
_LEGAL_MOVES = """
CREATE FUNCTION delivery_move_is_legal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR OLD.state = 'pending' OR (OLD.state = 'failed' AND NEW.state = 'pending') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a delivery does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER delivery_move BEFORE UPDATE OF state ON delivery
  FOR EACH ROW EXECUTE FUNCTION delivery_move_is_legal();
"""


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("platform IN ('android', 'ios', 'web')", name=op.f("ck_device_platform")),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_because = '')", name=op.f("ck_device_removed")),
        sa.CheckConstraint("(removed_at IS NULL) = (token <> '')", name=op.f("ck_device_token")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device")),
    )
    op.create_index(
        "uq_device_live_token",
        "device",
        ["platform", "token"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "ix_device_live",
        "device",
        ["account_id", "seen_at"],
        unique=False,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "ix_device_removed", "device", ["removed_at"], unique=False, postgresql_where=sa.text("removed_at IS NOT NULL")
    )
    op.create_table(
        "preference",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subject IN ('money', 'marketing') OR wanted", name=op.f("ck_preference_mandatory_subjects_stay_on")
        ),
        sa.CheckConstraint(
            "subject IN ('security', 'trips', 'money', 'marketing')", name=op.f("ck_preference_subject")
        ),
        sa.CheckConstraint("channel IN ('push', 'sms', 'email')", name=op.f("ck_preference_channel")),
        sa.PrimaryKeyConstraint("account_id", "subject", "channel", name=op.f("pk_preference")),
    )
    op.create_table(
        "quiet_hours",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.Time(), nullable=False),
        sa.Column("ends_at", sa.Time(), nullable=False),
        sa.CheckConstraint("begins_at <> ends_at", name=op.f("ck_quiet_hours_not_empty")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_quiet_hours")),
    )
    op.create_table(
        "suppression",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'voice', 'email')", name=op.f("ck_suppression_channel")),
        sa.PrimaryKeyConstraint("account_id", "channel", name=op.f("pk_suppression")),
    )
    op.create_table(
        "provider_health",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closed', 'open', 'half_open')", name=op.f("ck_provider_health_state")),
        sa.CheckConstraint(
            "(state = 'closed') = (open_until IS NULL)", name=op.f("ck_provider_health_open_has_an_end")
        ),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_health")),
    )
    op.create_table(
        "delivery_event",
        sa.Column("delivery_event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accepted', 'throttled', 'unavailable', 'unknown', 'unregistered', 'refused', 'failed_over', "
            "'delivered', 'undelivered', 'replayed')",
            name=op.f("ck_delivery_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.delivery_id"],
            name=op.f("fk_delivery_event_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_event_id", name=op.f("pk_delivery_event")),
    )
    op.create_index(op.f("ix_delivery_event_delivery_id"), "delivery_event", ["delivery_id"], unique=False)

    op.add_column("notification", sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notification", sa.Column("marketing_on", sa.Date(), nullable=True))
    op.create_index(
        "uq_notification_one_marketing_a_day",
        "notification",
        ["account_id", "marketing_on"],
        unique=True,
        postgresql_where=sa.text("marketing_on IS NOT NULL"),
    )
    op.create_index("ix_notification_account", "notification", ["account_id", "created_at"], unique=False)
    op.create_check_constraint(op.f("ck_notification_priority"), "notification", "priority BETWEEN 0 AND 3")
    op.create_check_constraint(
        op.f("ck_notification_marketing_on"), "notification", "marketing_on IS NULL OR priority = 3"
    )

    op.add_column("delivery", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("delivery", sa.Column("provider", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("delivery", sa.Column("provider_message_id", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "delivery", sa.Column("unless_acknowledged", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_check_constraint(op.f("ck_delivery_priority"), "delivery", "priority BETWEEN 0 AND 3")
    # Why something was not sent is always told.
    op.create_check_constraint(
        op.f("ck_delivery_reason"), "delivery", "state NOT IN ('dropped', 'failed') OR error <> ''"
    )
    op.create_index(
        "ix_delivery_provider_message",
        "delivery",
        ["provider", "provider_message_id"],
        postgresql_where=sa.text("provider_message_id <> ''"),
    )
    op.create_index(
        "ix_delivery_failed", "delivery", ["finished_at", "delivery_id"], postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index(
        "ix_delivery_device",
        "delivery",
        ["device_id"],
        postgresql_where=sa.text("state = 'pending' AND device_id IS NOT NULL"),
    )
    op.drop_index("ix_delivery_order", table_name="delivery", postgresql_where=sa.text("state = 'pending'"))
    op.create_index(
        "ix_delivery_order",
        "delivery",
        ["ride_id", "channel", "target", "ride_version"],
        unique=False,
        postgresql_where=sa.text("ride_version > 0"),
    )
    op.execute(_LEGAL_MOVES)


def downgrade() -> None:
    raise ForwardOnlyError("devices and people's wishes would be lost")
