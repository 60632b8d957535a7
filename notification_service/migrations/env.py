"""Alembic's way in."""

from chassis.migrations import run_env
from notification_service.adapters import campaign_tables, people_tables, webhook_tables
from notification_service.adapters.tables import metadata

TABLES_OF = (campaign_tables, people_tables, webhook_tables)
"""They describe their tables in `metadata` when they are imported."""

run_env(metadata)
