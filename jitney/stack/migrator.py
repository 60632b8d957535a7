"""Brings the schema of every service up to date: `python -m jitney.stack.migrator`.

One process for all four, because what takes time is loading the tools: they load while PostgreSQL is still starting.
A service in production migrates by itself (`python -m matching_service migrate`).
"""

import os
import sys
import time

import psycopg

from chassis.migrations import migrate
from jitney.stack.databases import SERVICES

_PATIENCE_SECONDS = 50.0


def main() -> int:
    """Migrates the databases that the environment names; answers with the exit code."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for service in SERVICES:
        url = os.environ[f"JITNEY_{service.upper()}_DATABASE_URL"]
        while not _lets_us_in(url):
            if time.monotonic() > deadline:
                sys.stderr.write(f"the database of {service} cannot be reached\n")
                return 1
            time.sleep(0.05)
        migrate(f"{service}_service", url)
    return 0


def _lets_us_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
