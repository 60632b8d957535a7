"""what drivers want of their shifts, and their silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shift", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("shift", sa.Column("last_ride", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("shift", sa.Column("break_since", sa.DateTime(timezone=True)))
    op.add_column("shift", sa.Column("break_until", sa.DateTime(timezone=True)))
    op.add_column("shift", sa.Column("heading_latitude", sa.Float(53)))
    op.add_column("shift", sa.Column("heading_longitude", sa.Float(53)))
    op.add_column("shift", sa.Column("silent_since", sa.DateTime(timezone=True)))
    op.add_column("shift", sa.Column("silent_until", sa.DateTime(timezone=True)))
    op.add_column("shift", sa.Column("end_reason", sa.Text()))
    op.create_check_constraint(
        op.f("ck_shift_end_reason"),
        "shift",
        "end_reason IN ('asked', 'break_over', 'last_ride', 'not_approved', 'silent')",
    )
    op.create_check_constraint(op.f("ck_shift_break_whole"), "shift", "(break_since IS NULL) = (break_until IS NULL)")
    op.create_check_constraint(
        op.f("ck_shift_break_bounded"), "shift", "break_until <= break_since + interval '3600 seconds'"
    )
    op.create_check_constraint(
        op.f("ck_shift_heading_whole"), "shift", "(heading_latitude IS NULL) = (heading_longitude IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_shift_silence_whole"), "shift", "(silent_since IS NULL) = (silent_until IS NULL)"
    )
    op.create_index(
        "ix_shift_break",
        "shift",
        ["break_until"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND break_until IS NOT NULL"),
    )
    op.create_index(
        "ix_shift_silent",
        "shift",
        ["silent_until"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND silent_until IS NOT NULL"),
    )
    op.create_index(
        "ix_shift_heading",
        "shift",
        ["driver_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND heading_latitude IS NOT NULL"),
    )
    op.create_table(
        "shift_heading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("latitude", sa.Float(53), nullable=False),
        sa.Column("longitude", sa.Float(53), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_heading")),
        comment="Each destination that a driver set to go home by, for the limit a day; kept for two days",
    )
    op.create_index("ix_shift_heading_driver", "shift_heading", ["driver_id", "set_at"], unique=False)
    op.create_index("ix_shift_heading_set_at", "shift_heading", ["set_at"], unique=False)


def downgrade() -> None:
    op.drop_table("shift_heading")
    for name in ("ix_shift_heading", "ix_shift_silent", "ix_shift_break"):
        op.drop_index(name, table_name="shift")
    for name in ("silence_whole", "heading_whole", "break_bounded", "break_whole", "end_reason"):
        op.drop_constraint(op.f(f"ck_shift_{name}"), "shift", type_="check")
    for name in (
        "end_reason",
        "silent_until",
        "silent_since",
        "heading_longitude",
        "heading_latitude",
        "break_until",
        "break_since",
        "last_ride",
        "version",
    ):
        op.drop_column("shift", name)
