"""Places of riders, and API keys of partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_places",
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('home', 'work', 'favorite')", name=op.f("ck_saved_places_kind")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_saved_places_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_saved_places")),
    )
    op.create_index(op.f("ix_saved_places_account_id"), "saved_places", ["account_id"])
    op.create_index(
        "ux_saved_places_one",
        "saved_places",
        ["account_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('home', 'work')"),
    )
    op.create_table(
        "api_keys",
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_api_keys_digest")),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_api_keys_scopes")),
        sa.CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + interval '731 days'",
            name=op.f("ck_api_keys_lifetime"),
        ),
        sa.PrimaryKeyConstraint("api_key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index("ix_api_keys_newest", "api_keys", ["created_at", "api_key_id"])


def downgrade() -> None:
    op.drop_table("api_keys")
    op.drop_table("saved_places")
