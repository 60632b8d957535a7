"""`python -m payment_service serve | work | migrate`."""

from __future__ import annotations

import sys

from chassis.database import role_of
from chassis.logs import configure_logging
from chassis.runtime import run
from chassis.server import run_workers
from chassis.settings import load_settings, parse_address
from chassis.telemetry import configure_telemetry
from payment_service.bootstrap import PACKAGE, SERVICE, build
from payment_service.settings import PaymentSettings


async def serve(settings: PaymentSettings) -> None:
    """Serve RPCs with the workers beside them until told to stop."""
    addresses = parse_address(settings.payment_listen), parse_address(settings.payment_metrics_listen)
    await build(settings).server.run(*addresses)


async def work(settings: PaymentSettings) -> None:
    """Run the workers alone until told to stop."""
    application = build(settings)
    await run_workers(settings, application.workers, application.closers)


def main(arguments: list[str]) -> int:
    """Run one of the three commands; return the exit code."""
    settings = load_settings(PaymentSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    match arguments:
        case ["serve"]:
            run(serve(settings))
        case ["work"]:
            run(work(settings))
        case ["migrate"]:
            from chassis.migrations import migrate  # noqa: PLC0415 (who serves must not load Alembic)

            owner_url = settings.payment_owner_database_url
            if owner_url:
                migrate(PACKAGE, owner_url, service_role=role_of(settings.payment_database_url))
            else:
                migrate(PACKAGE, settings.payment_database_url)
        case _:
            sys.stderr.write("usage: python -m payment_service serve | work | migrate\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
