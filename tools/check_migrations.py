"""Migrates an empty PostgreSQL for each service, compares it with the tables in code, and takes back what can be."""

from __future__ import annotations

import sys
from contextlib import suppress

from chassis.migrations import ForwardOnlyError, SchemaDriftError, check, downgrade, migrate
from jitney.stack.databases import SERVICES
from tests.integration.embedded import embedded_postgres


def main() -> int:
    """Check all services; return the exit code."""
    wrong = 0
    with embedded_postgres() as postgres:
        for service in SERVICES:
            package, url = f"{service}_service", postgres.empty(service)
            try:
                migrate(package, url)
                check(package, url)
                with suppress(ForwardOnlyError):
                    downgrade(package, url)
            except SchemaDriftError as error:
                wrong += 1
                print(f"{package}: {error}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
