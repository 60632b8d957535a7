"""Identity's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_last_digits", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("octet_length(phone_index) = 32", name=op.f("ck_accounts_phone_index")),
        sa.CheckConstraint("version > 0", name=op.f("ck_accounts_version")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_accounts_phone_index")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "method", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_claimed_at"), "idempotency_keys", ["claimed_at"], unique=False)
    op.create_table(
        "otp_allowances",
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("next_request_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hour_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hour_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("phone_index", name=op.f("pk_otp_allowances")),
    )
    op.create_index(op.f("ix_otp_allowances_hour_started_at"), "otp_allowances", ["hour_started_at"], unique=False)
    op.create_table(
        "otp_challenges",
        sa.Column("challenge_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_request_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("next_send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("send_attempts", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("(owed_sealed IS NULL) = (next_send_at IS NULL)", name=op.f("ck_otp_challenges_owed")),
        sa.CheckConstraint(
            "closed_at IS NULL OR owed_sealed IS NULL", name=op.f("ck_otp_challenges_closed_owes_nothing")
        ),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_otp_challenges_tries")),
        sa.PrimaryKeyConstraint("challenge_id", name=op.f("pk_otp_challenges")),
        sa.UniqueConstraint("phone_index", "request_id", name=op.f("uq_otp_challenges_phone_index_request_id")),
    )
    op.create_index(op.f("ix_otp_challenges_created_at"), "otp_challenges", ["created_at"], unique=False)
    op.create_index(
        "ix_otp_challenges_owed",
        "otp_challenges",
        ["next_send_at"],
        unique=False,
        postgresql_where=sa.text("next_send_at IS NOT NULL"),
    )
    op.create_index(
        "ux_otp_challenges_open",
        "otp_challenges",
        ["phone_index"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unpublished", "outbox", ["seq"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "drivers",
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=False),
        sa.Column("vehicle_model", sa.Text(), nullable=False),
        sa.Column("vehicle_color", sa.Text(), nullable=False),
        sa.Column("vehicle_plate", sa.Text(), nullable=False),
        sa.Column("vehicle_class", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'suspended')", name=op.f("ck_drivers_status")
        ),
        sa.CheckConstraint("vehicle_class IN ('economy', 'xl', 'wheelchair')", name=op.f("ck_drivers_vehicle_class")),
        sa.CheckConstraint("version > 0", name=op.f("ck_drivers_version")),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["accounts.account_id"], name=op.f("fk_drivers_driver_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("driver_id", name=op.f("pk_drivers")),
    )
    op.create_index("ix_drivers_newest", "drivers", ["applied_at", "driver_id"], unique=False)
    op.create_index("ix_drivers_status", "drivers", ["status", "applied_at", "driver_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "end_reason IN ('signed_out', 'replaced', 'token_reused')", name=op.f("ck_sign_ins_end_reason")
        ),
        sa.CheckConstraint("role IN ('rider', 'driver')", name=op.f("ck_sign_ins_role")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_sign_ins_ended")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_sign_ins_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_expires_at"), "sign_ins", ["expires_at"], unique=False)
    op.create_index(
        "ux_sign_ins_live",
        "sign_ins",
        ["account_id", "device_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_successor", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "sealed_successor IS NULL OR spent_at IS NOT NULL", name=op.f("ck_refresh_tokens_successor")
        ),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["sign_ins.sign_in_id"],
            name=op.f("fk_refresh_tokens_sign_in_id_sign_ins"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("sign_in_id", "sequence", name=op.f("uq_refresh_tokens_sign_in_id_sequence")),
    )
    op.create_index(op.f("ix_refresh_tokens_spent_at"), "refresh_tokens", ["spent_at"], unique=False)
    op.create_index(
        "ux_refresh_tokens_unspent",
        "refresh_tokens",
        ["sign_in_id"],
        unique=True,
        postgresql_where=sa.text("spent_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ux_refresh_tokens_unspent", table_name="refresh_tokens", postgresql_where=sa.text("spent_at IS NULL")
    )
    op.drop_index(op.f("ix_refresh_tokens_spent_at"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("ux_sign_ins_live", table_name="sign_ins", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_sign_ins_expires_at"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_drivers_status", table_name="drivers")
    op.drop_index("ix_drivers_newest", table_name="drivers")
    op.drop_table("drivers")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_published_at", table_name="outbox", postgresql_where=sa.text("published_at IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_index("ux_otp_challenges_open", table_name="otp_challenges", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index(
        "ix_otp_challenges_owed", table_name="otp_challenges", postgresql_where=sa.text("next_send_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_otp_challenges_created_at"), table_name="otp_challenges")
    op.drop_table("otp_challenges")
    op.drop_index(op.f("ix_otp_allowances_hour_started_at"), table_name="otp_allowances")
    op.drop_table("otp_allowances")
    op.drop_index(op.f("ix_idempotency_keys_claimed_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("accounts")
