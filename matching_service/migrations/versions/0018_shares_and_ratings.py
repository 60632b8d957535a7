"""links to rides, and ratings after them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ride_share",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_ride_share_hash")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_ride_share_lives")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_share_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", name=op.f("pk_ride_share")),
    )
    op.create_index("uq_ride_share_token_hash", "ride_share", ["token_hash"], unique=True)
    op.create_index("ix_ride_share_expires_at", "ride_share", ["expires_at"], unique=False)
    op.create_table(
        "ride_rating",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("rated_part", sa.Text(), nullable=False),
        sa.Column("rated_id", sa.Uuid(), nullable=False),
        sa.Column("rater_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(comment) <= 500", name=op.f("ck_ride_rating_comment")),
        sa.CheckConstraint("rated_part IN ('driver', 'rider')", name=op.f("ck_ride_rating_rated_part")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ride_rating_stars")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_ride_rating_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", "rated_part", name=op.f("pk_ride_rating")),
    )
    op.create_index("ix_ride_rating_rated", "ride_rating", ["rated_id", "rated_part", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_table("ride_rating")
    op.drop_table("ride_share")
