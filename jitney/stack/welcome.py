"""What `jitney up` shows once everything is healthy."""

import os
from typing import TYPE_CHECKING

from jitney.stack.databases import SERVICES
from jitney.stack.environment import StackSettings

if TYPE_CHECKING:
    from rich.console import RenderableType


def welcome(settings: StackSettings, *, seconds: float, with_city: bool, detached: bool) -> "RenderableType":
    """A short page: where everything is, where to read the one-time codes, how to stop."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    local = {setting: address.local for setting, address in settings.addresses.items()}
    data = os.path.relpath(settings.data.path)
    option = "" if data == ".jitney" else f" --data {data}"
    rest = f"http://{local['JITNEY_REST_LISTEN']}"
    rows = [
        ("Console", f"{rest}/console", "sign in: jitney console"),
        ("Try it", f"{rest}/try/rider", "take a ride"),
        ("", f"{rest}/try/driver", "and drive it"),
        ("REST", rest, "for programs; see /docs"),
        ("Streams", f"http://{local['JITNEY_STREAM_LISTEN']}", "live events of a rider or driver"),
        ("Sandbox", f"http://{local['JITNEY_SANDBOX_LISTEN']}", "text messages with the one-time codes"),
        *(
            ("" if number else "gRPC", local[f"JITNEY_{service.upper()}_LISTEN"], service)
            for number, service in enumerate(SERVICES)
        ),
        ("Data", data, "city lives in it" if with_city else ""),
    ]
    table = Table.grid(padding=(0, 2))
    for name, value, note in rows:
        table.add_row(Text(f"  {name}", style="dim"), Text(value, style="bold"), Text(note, style="dim"))
    stop = f"jitney down{option}" if detached else "Ctrl-C"
    return Group(
        Text.assemble("\n", ("Jitney is ready", "bold green"), f" after {seconds:.1f} s.\n"),
        table,
        Text.assemble(
            ("\n  Stop  ", "dim"),
            stop,
            ("   Look  ", "dim"),
            f"jitney status{option}",
            ("   Logs  ", "dim"),
            f"jitney logs -f{option}\n",
        ),
    )
