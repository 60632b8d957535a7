"""`python -m identity_service serve | work | migrate`."""

from __future__ import annotations

import argparse

from chassis.runtime import run
from chassis.settings import load_settings
from identity_service.bootstrap import PACKAGE, Identity, configure_process
from identity_service.settings import IdentitySettings


async def _serve(settings: IdentitySettings) -> None:
    await Identity(settings).serve()


async def _work(settings: IdentitySettings) -> None:
    await Identity(settings).work()


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m identity_service", description=__doc__)
    parser.add_argument("command", choices=["serve", "work", "migrate"])
    command = parser.parse_args().command
    settings = load_settings(IdentitySettings)
    configure_process(settings)
    if command == "migrate":
        from chassis.migrations import migrate  # noqa: PLC0415 (who serves must not load Alembic)

        migrate(PACKAGE, settings.identity_database_url.get_secret_value())
    else:
        run(_serve(settings) if command == "serve" else _work(settings))


if __name__ == "__main__":
    main()
