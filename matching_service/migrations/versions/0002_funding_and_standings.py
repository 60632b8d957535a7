"""funding of rides and standings of drivers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays: rides there were and rides of replicas that do not know of it yet are paid by card.
    op.add_column("ride", sa.Column("funding", sa.Text(), server_default=sa.text("'card'"), nullable=False))
    op.alter_column("ride", "payment_method_id", existing_type=sa.Uuid(), nullable=True)
    op.create_check_constraint(op.f("ck_ride_funding"), "ride", "funding IN ('card', 'cash', 'wallet')")
    op.create_check_constraint(
        op.f("ck_ride_card_named"), "ride", "(funding = 'card') = (payment_method_id IS NOT NULL)"
    )
    op.create_table(
        "driver_standing",
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("cash_allowed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("driver_id", "currency_code", name=op.f("pk_driver_standing")),
        comment="What payment_service told last of each driver; one that it never spoke of may take cash",
    )
    op.create_index(
        "ix_driver_standing_no_cash",
        "driver_standing",
        ["currency_code", "driver_id"],
        unique=False,
        postgresql_where=sa.text("NOT cash_allowed"),
    )


def downgrade() -> None:
    # Fails while there are rides without a card: the release before has no way to tell how they are paid.
    op.drop_index(
        "ix_driver_standing_no_cash", table_name="driver_standing", postgresql_where=sa.text("NOT cash_allowed")
    )
    op.drop_table("driver_standing")
    op.alter_column("ride", "payment_method_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_constraint(op.f("ck_ride_card_named"), "ride", type_="check")
    op.drop_constraint(op.f("ck_ride_funding"), "ride", type_="check")
    op.drop_column("ride", "funding")
