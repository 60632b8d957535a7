"""Alembic's entry."""

from chassis.migrations import run_env
from payment_service.adapters import (
    dispute_tables,
    driver_tables,
    payout_tables,
    psp_event_tables,
    reconciliation_tables,
    refund_tables,
    rider_tables,
    withdrawal_tables,
)
from payment_service.adapters.tables import metadata
from payment_service.migrations.grants import grant_service

TABLES_OF = (
    rider_tables,
    reconciliation_tables,
    dispute_tables,
    psp_event_tables,
    refund_tables,
    withdrawal_tables,
    payout_tables,
    driver_tables,
)
"""They describe their tables in `metadata` when they are imported."""

run_env(metadata, grant_service)
