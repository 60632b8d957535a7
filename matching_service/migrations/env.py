"""Alembic's way in."""

from chassis.migrations import run_env
from matching_service.adapters.tables import metadata

run_env(metadata)
