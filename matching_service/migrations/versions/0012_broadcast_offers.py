"""offers that are open together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays: offers of replicas that know of no broadcast are a ride's only one.
    op.add_column("offer", sa.Column("slot", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_offer_slot"), "offer", "slot BETWEEN 0 AND 10")
    op.create_index(
        "uq_offer_open_slot",
        "offer",
        ["ride_id", "slot"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND slot > 0"),
    )
    op.drop_index("uq_offer_open_ride", table_name="offer")
    op.create_index(
        "uq_offer_open_ride",
        "offer",
        ["ride_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND slot = 0"),
    )


def downgrade() -> None:
    # Fails while a ride has several open offers: the release before expects one.
    op.drop_index("uq_offer_open_ride", table_name="offer")
    op.create_index("uq_offer_open_ride", "offer", ["ride_id"], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.drop_index("uq_offer_open_slot", table_name="offer")
    op.drop_constraint(op.f("ck_offer_slot"), "offer", type_="check")
    op.drop_column("offer", "slot")
