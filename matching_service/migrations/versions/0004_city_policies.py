"""versions of city policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only, run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

POLICIES_KEPT = append_only("city_policy")


def upgrade() -> None:
    op.create_table(
        "city_policy",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_city_policy_version_counts")),
        sa.CheckConstraint("effective_at >= made_at", name=op.f("ck_city_policy_not_in_the_past")),
        sa.PrimaryKeyConstraint("city", "version", name=op.f("pk_city_policy")),
        comment="Append-only: what a city charged when can be told for ever. made_by is null for the city's file",
    )
    run_sql(POLICIES_KEPT.create)
    # Empty and 0 stay the values of the rides and quotes there were, and of replicas that do not know of cities yet.
    for table in ("quote", "ride"):
        op.add_column(table, sa.Column("city", sa.Text(), server_default=sa.text("''"), nullable=False))
        op.add_column(table, sa.Column("policy_version", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    for table in ("quote", "ride"):
        op.drop_column(table, "policy_version")
        op.drop_column(table, "city")
    run_sql(POLICIES_KEPT.drop)
    op.drop_table("city_policy")
