"""the fee of a return is the product's, whatever is left of the fare.

It is owed beside the fare and so need not be within it. The rides that are there keep to the narrower rule: they are
looked at by the next revision, and not while the table is locked.
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _hold("fee_minor > 0 AND (fee_minor <= fare_total_minor OR fee_kind = 'return_fee')")


def downgrade() -> None:
    """Hold the rides that are still to be written to the narrower rule; what was charged stays."""
    _hold("fee_minor > 0 AND fee_minor <= fare_total_minor")


def _hold(condition: str) -> None:
    op.drop_constraint(op.f("ck_ride_fee_within_fare"), "ride", type_="check")
    op.create_check_constraint(op.f("ck_ride_fee_within_fare"), "ride", condition, postgresql_not_valid=True)
