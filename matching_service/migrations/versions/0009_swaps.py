"""swaps: a ride may change drivers while one is on the way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A ring of rides that exchange their drivers parks each under its own id between two statements: that is no move, and
# the version does not change with it.
_MOVED = "OLD.state IS DISTINCT FROM NEW.state"
_SWAPPED = "(OLD.driver_id IS DISTINCT FROM NEW.driver_id AND OLD.version <> NEW.version)"


def upgrade() -> None:
    op.add_column("ride", sa.Column("promised_pickup_at", sa.DateTime(timezone=True)))
    op.add_column("ride", sa.Column("swap_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_ride_swap_count"), "ride", "swap_count BETWEEN 0 AND 10")
    op.execute("INSERT INTO legal_ride_move (from_state, to_state) VALUES ('driver_en_route', 'driver_en_route')")
    _record(f"{_MOVED} OR {_SWAPPED}")


def downgrade() -> None:
    _record(_MOVED)
    # Fails where a driver was swapped: the history of the release before knows of no such move.
    op.execute("DELETE FROM legal_ride_move WHERE from_state = 'driver_en_route' AND to_state = 'driver_en_route'")
    op.drop_constraint(op.f("ck_ride_swap_count"), "ride", type_="check")
    op.drop_column("ride", "swap_count")
    op.drop_column("ride", "promised_pickup_at")


def _record(when: str) -> None:
    op.execute("DROP TRIGGER ride_moved ON ride")
    op.execute(
        f"CREATE TRIGGER ride_moved AFTER UPDATE ON ride FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION record_ride_move()"
    )
