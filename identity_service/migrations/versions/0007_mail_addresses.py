"""Mail addresses, sealed and found by a blind index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_addresses",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(address_index) = 32", name=op.f("ck_mail_addresses_address_index")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_mail_addresses_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mail_addresses")),
        sa.UniqueConstraint("address_index", name=op.f("uq_mail_addresses_address_index")),
    )


def downgrade() -> None:
    op.drop_table("mail_addresses")
