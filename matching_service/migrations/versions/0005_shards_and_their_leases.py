"""shards and their leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.migrations import SqlScript, run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A fence that fell, or an owner who came with a former one's fence, would let a matcher that was replaced open offers.
FENCES_GROW = SqlScript(
    create="""
        CREATE FUNCTION shard_lease_fence_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR NEW.shard <> OLD.shard OR NEW.fence < OLD.fence
                OR (NEW.owner_id <> OLD.owner_id AND NEW.fence = OLD.fence)
                OR (NEW.owner_id IS NOT NULL AND OLD.owner_id IS NULL AND NEW.fence = OLD.fence) THEN
                RAISE EXCEPTION 'the fence of a shard grows with each owner' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER shard_lease_fence_grows BEFORE UPDATE OR DELETE ON shard_lease
            FOR EACH ROW EXECUTE FUNCTION shard_lease_fence_grows();
    """,
    drop="DROP TRIGGER shard_lease_fence_grows ON shard_lease; DROP FUNCTION shard_lease_fence_grows();",
)


def upgrade() -> None:
    op.create_table(
        "matcher",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matcher")),
        comment="The processes that dispatch, by the heartbeat of each life of them",
    )
    op.create_index("ix_matcher_expires_at", "matcher", ["expires_at"], unique=False)
    op.create_table(
        "shard_lease",
        sa.Column("shard", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fence > 0", name=op.f("ck_shard_lease_fence_above_zero")),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_shard_lease")),
        sa.UniqueConstraint("shard", "fence", name=op.f("uq_shard_lease_shard_fence")),
        comment="Which matcher dispatches which shard; a trigger lets the fence grow alone",
    )
    run_sql(FENCES_GROW.create)
    # Without a default: the cell of a place is not known to SQL, and a matcher fills in what it finds missing.
    op.add_column("ride", sa.Column("shard", sa.Text(), nullable=True))
    op.create_index(
        "ix_ride_shard_dispatched",
        "ride",
        ["shard"],
        unique=False,
        postgresql_where=sa.text("state IN ('driver_en_route', 'matching', 'offered')"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_ride_shard_dispatched",
        table_name="ride",
        postgresql_where=sa.text("state IN ('driver_en_route', 'matching', 'offered')"),
    )
    op.drop_column("ride", "shard")
    run_sql(FENCES_GROW.drop)
    op.drop_table("shard_lease")
    op.drop_index("ix_matcher_expires_at", table_name="matcher")
    op.drop_table("matcher")
