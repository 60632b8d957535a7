"""Alembic's entry."""

from chassis.migrations import run_env
from payment_service.adapters import reconciliation_tables, rider_tables
from payment_service.adapters.tables import metadata

TABLES_OF = (rider_tables, reconciliation_tables)
"""They describe their tables in `metadata` when they are imported."""

run_env(metadata)
