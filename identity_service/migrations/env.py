"""Alembic's way in."""

from chassis.migrations import run_env
from identity_service.adapters import driver_tables, sign_in_tables, staff_tables
from identity_service.adapters.tables import metadata

TABLES_OF = (sign_in_tables, driver_tables, staff_tables)
"""They describe their tables in `metadata` when they are imported."""

run_env(metadata)
