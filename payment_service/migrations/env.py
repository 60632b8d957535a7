"""Alembic's entry."""

from chassis.migrations import run_env
from payment_service.adapters.reconciliation_tables import metadata

run_env(metadata)
