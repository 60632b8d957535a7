"""Brings the schema of every service up to date: `python -m jitney.stack.migrator`.

One process for all four, because what takes time is loading the tools: they load while PostgreSQL is still starting.
A service in production migrates by itself (`python -m matching_service migrate`).
"""

import os
import sys
import time

import psycopg

from chassis.database import role_of
from chassis.migrations import migrate
from jitney.stack.databases import SERVICES
from jitney.stack.environment import owner_setting

_PATIENCE_SECONDS = 50.0


def main() -> int:
    """Migrates the databases that the environment names; answers with the exit code."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for service in SERVICES:
        service_url = os.environ[f"JITNEY_{service.upper()}_DATABASE_URL"]
        owner_url = os.environ.get(owner_setting(service), "")
        url = owner_url or service_url
        while not _lets_us_in(url):
            if time.monotonic() > deadline:
                sys.stderr.write(f"the database of {service} cannot be reached\n")
                return 1
            time.sleep(0.05)
        migrate(f"{service}_service", url, service_role=role_of(service_url) if owner_url else "")
    return 0


def _lets_us_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
