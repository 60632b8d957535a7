"""what shifts come to, and where drivers wait how long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FIGURES = ("paused_seconds", "offers_accepted", "offers_missed")
CHECKS = (
    ("paused", "paused_seconds >= 0"),
    ("figures", "earned_minor >= 0 AND offers_accepted >= 0 AND offers_missed >= 0"),
    ("earned_in_a_currency", "earned_currency_code IS NOT NULL OR earned_minor = 0"),
)


def upgrade() -> None:
    for name in FIGURES:
        op.add_column("shift", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("shift", sa.Column("earned_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("shift", sa.Column("earned_currency_code", sa.Text(), nullable=True))
    for name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_shift_{name}"), "shift", condition)
    op.create_table(
        "destination_value",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("quarter", sa.SmallInteger(), nullable=False),
        sa.Column("extra_idle_seconds", sa.Float(53), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quarter BETWEEN 0 AND 3", name=op.f("ck_destination_value_quarter")),
        sa.CheckConstraint("abs(extra_idle_seconds) <= 300", name=op.f("ck_destination_value_seconds")),
        sa.PrimaryKeyConstraint("city", "cell", "quarter", name=op.f("pk_destination_value")),
        comment="How much longer than the city's mean drivers wait for the next passenger, by where and when",
    )


def downgrade() -> None:
    op.drop_table("destination_value")
    for name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_shift_{name}"), "shift", type_="check")
    for name in ("earned_currency_code", "earned_minor", *FIGURES):
        op.drop_column("shift", name)
