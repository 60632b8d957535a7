"""Brings the schema of every service up to date: `python -m jitney.stack.migrator`.

One process for all four, because what takes time is loading the tools: they load while PostgreSQL is still starting.
A service in production migrates by itself (`python -m matching_service migrate`).
"""

import asyncio
import os
import sys
import time

from chassis.migrations import migrate
from jitney.stack.checks import answers
from jitney.stack.databases import SERVICES

_PATIENCE_SECONDS = 50.0


def main() -> int:
    """Migrates the databases that the environment names; answers with the exit code."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for service in SERVICES:
        url = os.environ[f"JITNEY_{service.upper()}_DATABASE_URL"]
        while not asyncio.run(answers(url)):
            if time.monotonic() > deadline:
                sys.stderr.write(f"the database of {service} cannot be reached\n")
                return 1
            time.sleep(0.05)
        migrate(f"{service}_service", url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
