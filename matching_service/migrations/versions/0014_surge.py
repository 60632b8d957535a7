"""controls of surge and consents to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only, run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CONTROLS_KEPT = append_only("surge_control")


def upgrade() -> None:
    op.create_table(
        "surge_control",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("cap_permille", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("cap_permille >= 1000", name=op.f("ck_surge_control_cap_at_least_none")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_control")),
        comment="Append-only: the newest of a city holds",
    )
    op.create_index("ix_surge_control_city", "surge_control", ["city", "id"], unique=False)
    run_sql(CONTROLS_KEPT.create)
    # Empty for quotes that ask for no consent, as those of replicas that do not know of it.
    op.add_column("quote", sa.Column("surge_consent_token", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column("quote", "surge_consent_token")
    run_sql(CONTROLS_KEPT.drop)
    op.drop_index("ix_surge_control_city", table_name="surge_control")
    op.drop_table("surge_control")
