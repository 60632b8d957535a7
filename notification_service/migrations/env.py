"""Alembic's way in."""

from chassis.migrations import run_env
from notification_service.adapters.tables import metadata

run_env(metadata)
