"""contents by channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import ForwardOnlyError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "notification",
        sa.Column("contents", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("notification", sa.Column("locale", sa.Text(), server_default=sa.text("'en'"), nullable=False))
    op.add_column("notification", sa.Column("collapse_key", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.drop_constraint(op.f("ck_delivery_channel"), "delivery", type_="check")
    op.create_check_constraint(
        op.f("ck_delivery_channel"),
        "delivery",
        "channel IN ('inbox', 'stream', 'push', 'sms', 'voice', 'email')",
    )
    # An SMS that was owed by the release before and is not sent yet has its words in the old place.
    op.execute(
        "UPDATE notification SET contents = jsonb_build_object('sms', jsonb_build_object('body', body)), body = '' "
        "WHERE topic = 'one_time_code' AND body <> ''"
    )


def downgrade() -> None:
    raise ForwardOnlyError("the words that are owed would be lost")
