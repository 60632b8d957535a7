"""Roles of the people who run the service, the audit log, budgets of one-time codes, and when a sign-in was last used.

The audit log is held by the database itself: an entry comes behind the newest, with its hash, and stays as it is, for
the role that owns the table too. ENABLE ALWAYS: also where triggers are off for a session (`session_replication_role`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only, run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHAIN = """
CREATE FUNCTION audit_entry_is_chained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest record;
BEGIN
    SELECT sequence, hash INTO newest FROM audit_entries ORDER BY sequence DESC LIMIT 1;
    IF NEW.sequence <> coalesce(newest.sequence, 0) + 1
        OR NEW.previous_hash <> coalesce(newest.hash, decode(repeat('00', 32), 'hex'))
    THEN
        RAISE EXCEPTION 'an audit entry comes behind the newest one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_entry_chained BEFORE INSERT ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_chained();
ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entry_chained;
"""
_LOG = append_only("audit_entries")
_SIGN_IN_ROLES = ("role IN ('rider', 'driver', 'support', 'operator', 'admin')", "role IN ('rider', 'driver')")
_END_REASONS = (
    "end_reason IN ('signed_out', 'replaced', 'token_reused', 'revoked', 'role_revoked', 'erased')",
    "end_reason IN ('signed_out', 'replaced', 'token_reused')",
)


def upgrade() -> None:
    op.add_column(
        "sign_ins",
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    run_sql("UPDATE sign_ins SET last_used_at = started_at")
    _recheck(0)
    op.create_table(
        "otp_budgets",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('device', 'address', 'block', 'country', 'spending', 'guesses')",
            name=op.f("ck_otp_budgets_kind"),
        ),
        sa.CheckConstraint("used >= 0", name=op.f("ck_otp_budgets_used")),
        sa.PrimaryKeyConstraint("kind", "key_digest", name=op.f("pk_otp_budgets")),
    )
    op.create_index(op.f("ix_otp_budgets_window_started_at"), "otp_budgets", ["window_started_at"])
    op.create_table(
        "role_grants",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('support', 'operator', 'admin')", name=op.f("ck_role_grants_role")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_role_grants_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_role_grants")),
    )
    op.create_index("ix_role_grants_newest", "role_grants", ["granted_at", "account_id"])
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "hash = sha256(previous_hash || convert_to(line, 'UTF8'))", name=op.f("ck_audit_entries_hash")
        ),
        sa.CheckConstraint(
            "act = line::jsonb ->> 'act' AND actor_id = line::jsonb ->> 'actor_id'"
            " AND subject_id = line::jsonb ->> 'subject_id' AND sequence = (line::jsonb ->> 'sequence')::bigint",
            name=op.f("ck_audit_entries_columns"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject_id", "sequence"])
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_id", "sequence"])
    run_sql(_CHAIN, _LOG.create, "ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_append_only")


def downgrade() -> None:
    run_sql(_LOG.drop, "DROP TABLE audit_entries; DROP FUNCTION audit_entry_is_chained();")
    op.drop_table("role_grants")
    op.drop_table("otp_budgets")
    _recheck(1)
    op.drop_column("sign_ins", "last_used_at")


def _recheck(side: int) -> None:
    for name, sides in (("ck_sign_ins_role", _SIGN_IN_ROLES), ("ck_sign_ins_end_reason", _END_REASONS)):
        op.drop_constraint(op.f(name), "sign_ins", type_="check")
        op.create_check_constraint(op.f(name), "sign_ins", sides[side])
