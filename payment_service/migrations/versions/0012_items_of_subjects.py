"""What was booked for the items of a subject is found, closed items among them."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        "CREATE INDEX ix_reconciliation_item_of_subject ON reconciliation_item (subject_id)"
        " WHERE subject_id IS NOT NULL"
    )


def downgrade() -> None:
    raise ForwardOnlyError("revisions of payment_service go forward only")
