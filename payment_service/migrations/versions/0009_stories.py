"""The PSP's events of a payment are found when its story is told."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("CREATE INDEX ix_psp_event_psp_payment_id ON psp_event (psp_payment_id) WHERE psp_payment_id <> ''")


def downgrade() -> None:
    raise ForwardOnlyError("revisions of payment_service go forward only")
