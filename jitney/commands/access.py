"""`jitney token` and `console`: ways in, with the local stack's keys."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jitney.commands.options import DATA, Data


class TokenRole(StrEnum):
    """For whom a token can be made."""

    OPERATOR = "operator"
    RIDER = "rider"
    DRIVER = "driver"
    SERVICE = "service"
    SUPPORT = "support"
    ADMIN = "admin"


class ConsoleRole(StrEnum):
    """Who looks at the console."""

    OPERATOR = "operator"
    SUPPORT = "support"
    ADMIN = "admin"


def token(
    role: Annotated[TokenRole, typer.Option(help="In which role its bearer acts.")],
    subject: Annotated[str | None, typer.Option(metavar="UUID", help="Whose account; a new id if left out.")] = None,
    minutes: Annotated[int, typer.Option(help="How long it is valid.")] = 10,
    data: Data = DATA,
) -> None:
    """Print an access token for local work, for example with grpcurl."""
    from jitney.stack.folders import DataFolder
    from jitney.stack.tokens import make_token, signing_keys

    keys = signing_keys(os.environ, DataFolder(data.absolute()).keys)
    typer.echo(make_token(keys, role.value, subject, minutes))


def console(
    role: Annotated[ConsoleRole, typer.Option(help="In which role.")] = ConsoleRole.OPERATOR,
    browser: Annotated[bool, typer.Option(help="Open it in a browser as well.")] = True,
    data: Data = DATA,
) -> None:
    """Print the address that opens the console signed in, for eight hours, and open it."""
    from jitney.stack.console import console_address
    from jitney.stack.environment import StackSettings

    settings = StackSettings.read(os.environ, data)
    given = os.environ.get("JITNEY_SIGNING_KEYS_DIR")
    keys = Path(given) if given else settings.data.keys
    address = console_address(f"http://{settings.addresses['JITNEY_REST_LISTEN'].local}", keys, role.value)
    typer.echo(address)
    # Only where there is a desktop: a browser in the terminal shows nothing of a map.
    if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        import webbrowser

        webbrowser.open(address)
