"""the driver who agreed to an edit.

Replicas that do not know of it name none: who agreed to one of theirs is asked again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ride_edit", sa.Column("agreed_driver_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("ride_edit", "agreed_driver_id")
