"""Whether the ledger was audited for a daily run, and until when a process is about it."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("ALTER TABLE reconciliation_run ADD COLUMN audit_until timestamptz, ADD COLUMN audited_at timestamptz")


def downgrade() -> None:
    raise ForwardOnlyError("revisions of payment_service go forward only")
