"""trips that are watched on their way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trip_watch",
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("still_latitude", sa.Float(53), nullable=False),
        sa.Column("still_longitude", sa.Float(53), nullable=False),
        sa.Column("still_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("still_told", sa.Boolean(), nullable=False),
        sa.Column("stray_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stray_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("stray_since IS NOT NULL OR NOT stray_told", name=op.f("ck_trip_watch_stray")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_trip_watch_ride_id_ride")),
        sa.PrimaryKeyConstraint("ride_id", name=op.f("pk_trip_watch")),
        comment="What is remembered of trips under way between two looks at them",
    )
    op.create_index("ix_trip_watch_began_at", "trip_watch", ["began_at"], unique=False)
    op.create_table(
        "trip_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("latitude", sa.Float(53), nullable=False),
        sa.Column("longitude", sa.Float(53), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('long_stop', 'route_deviated')", name=op.f("ck_trip_alert_kind")),
        sa.CheckConstraint("number BETWEEN 1 AND 5", name=op.f("ck_trip_alert_number")),
        sa.ForeignKeyConstraint(["ride_id"], ["ride.id"], name=op.f("fk_trip_alert_ride_id_ride")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trip_alert")),
        sa.UniqueConstraint("ride_id", "kind", "number", name=op.f("uq_trip_alert_ride_id_kind_number")),
        sa.UniqueConstraint("ride_id", "kind", "since", name=op.f("uq_trip_alert_ride_id_kind_since")),
        comment="Trips that left their way or stood still, as their riders were asked",
    )
    op.create_index("ix_trip_alert_raised_at", "trip_alert", ["raised_at"], unique=False)


def downgrade() -> None:
    op.drop_table("trip_alert")
    op.drop_table("trip_watch")
