"""`python -m notification_service serve | work | migrate`."""

from __future__ import annotations

import sys

from chassis.logs import configure_logging
from chassis.runtime import run
from chassis.server import run_workers
from chassis.settings import load_settings, parse_address
from chassis.telemetry import configure_telemetry
from notification_service.bootstrap import build
from notification_service.settings import SERVICE, NotificationSettings


async def serve(settings: NotificationSettings) -> None:
    """Serve RPCs with the workers beside them until told to stop."""
    await build(settings).server.run(
        parse_address(settings.notification_listen), parse_address(settings.notification_metrics_listen)
    )


async def work(settings: NotificationSettings) -> None:
    """Run the workers alone until told to stop."""
    application = build(settings)
    await run_workers(settings, application.workers, application.closers)


def main(arguments: list[str]) -> int:
    """Run one of the three commands; return the exit code."""
    settings = load_settings(NotificationSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    match arguments:
        case ["serve"]:
            run(serve(settings))
        case ["work"]:
            run(work(settings))
        case ["migrate"]:
            from chassis.migrations import migrate  # noqa: PLC0415 (who serves must not load Alembic)

            migrate("notification_service", settings.notification_database_url)
        case _:
            sys.stderr.write("usage: python -m notification_service serve | work | migrate\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
