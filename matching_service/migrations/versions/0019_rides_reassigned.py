"""drivers from whom an operator took a ride."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NAME = "ck_ride_exclusion_cause"


def upgrade() -> None:
    op.drop_constraint(op.f(_NAME), "ride_exclusion", type_="check")
    op.create_check_constraint(
        op.f(_NAME), "ride_exclusion", "cause IN ('declined', 'expired', 'gave_back', 'reassigned')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_NAME), "ride_exclusion", type_="check")
    op.create_check_constraint(op.f(_NAME), "ride_exclusion", "cause IN ('declined', 'expired', 'gave_back')")
