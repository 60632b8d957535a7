"""`python -m matching_service serve | work | migrate | map build FILE`."""

from __future__ import annotations

import sys

from chassis.logs import configure_logging
from chassis.runtime import run
from chassis.server import run_workers
from chassis.settings import load_settings, parse_address
from chassis.telemetry import configure_telemetry
from matching_service.adapters.city_file import CityFileError
from matching_service.adapters.osm_reader import MapError
from matching_service.bootstrap import build
from matching_service.settings import SERVICE, MatchingSettings


async def serve(settings: MatchingSettings) -> None:
    """Serve RPCs with the workers beside them until told to stop."""
    await build(settings).server.run(
        parse_address(settings.matching_listen), parse_address(settings.matching_metrics_listen)
    )


async def work(settings: MatchingSettings) -> None:
    """Run the workers alone until told to stop."""
    application = build(settings)
    await run_workers(settings, application.workers, application.closers)


def main(arguments: list[str]) -> int:
    """Run one of the three commands; return the exit code."""
    if arguments[:1] == ["map"]:
        return _run_map_command(arguments[1:])
    settings = load_settings(MatchingSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    try:
        return _run(arguments, settings)
    except (CityFileError, MapError) as error:
        # A person's file, a person's words: no traceback.
        sys.stderr.write(f"{error}\n")
        return 2


def _run_map_command(arguments: list[str]) -> int:
    # Needs no settings: a map is built where the extract is, often far from the service.
    from matching_service.adapters import map_command  # noqa: PLC0415

    return map_command.main(arguments, print, lambda text: print(text, file=sys.stderr))


def _run(arguments: list[str], settings: MatchingSettings) -> int:
    match arguments:
        case ["serve"]:
            run(serve(settings))
        case ["work"]:
            run(work(settings))
        case ["migrate"]:
            from chassis.migrations import migrate  # noqa: PLC0415 (who serves must not load Alembic)

            migrate("matching_service", settings.matching_database_url)
        case _:
            sys.stderr.write("usage: python -m matching_service serve | work | migrate | map build FILE\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
