"""The `jitney` command. Only what a command needs is imported, and only when it runs."""

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

from jitney.commands import access, dispatch, money, release, stack

app = typer.Typer(
    help="Jitney: a ride-hailing backend on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_HANDED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def _hand_on(name: str, tells: str, to: str) -> None:
    """Add a command that is `module:attribute` elsewhere: imported only for its call, it reads its own arguments."""

    def command(context: typer.Context) -> None:
        module, _, attribute = to.partition(":")
        found: typer.Typer | Callable[..., Any] = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command()(found)
            found = alone
        found(args=context.args, prog_name=f"jitney {name}")

    app.command(name, help=tells, context_settings=_HANDED_ON, add_help_option=False)(command)


app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)
app.command()(stack.logs)
app.command()(access.token)
app.command()(access.console)
app.command("secrets")(release.secrets_command)
app.command()(release.provision)
app.command()(money.reconcile)
app.command()(money.payment)
app.command()(dispatch.explain)
app.command()(dispatch.export)
app.command()(money.refund)
_hand_on("rides", "Find rides, look at them, cancel them.", "jitney.operate.rides:app")
_hand_on("drivers", "List drivers; approve, reject, suspend them.", "jitney.operate.drivers:app")
_hand_on("complaints", "List what riders complain of; give money back, or say no.", "jitney.operate.complaints:app")
_hand_on("promotions", "Make promotions, see what they came to, end them.", "jitney.operate.promotions:app")
_hand_on(
    "dead-letters",
    "Look at events that a service could not take in, and hand them in again.",
    "jitney.operate.dead_letters:app",
)
_hand_on(
    "suppressions",
    "List numbers and mailboxes that are not written to any more, and lift them.",
    "jitney.operate.suppressions:app",
)
maps = typer.Typer(help="Street maps for travel times and ways.", no_args_is_help=True)
maps.command("build")(dispatch.build_map)
app.add_typer(maps, name="map")
_hand_on("city", "Read and change what cities sell and charge.", "jitney.cities:app")
app.command(context_settings=_HANDED_ON, add_help_option=False)(stack.sandbox)
_hand_on("simulate", "Let simulated riders and drivers use a running stack.", "jitney.simulator.cli:simulate")
app.command()(release.smoke)
_hand_on("bench", "Measure what was promised, each beside its limit in the same run.", "jitney.bench.cli:app")
_hand_on(
    "chaos",
    "Attack a stack of its own while a simulated city rides in it, and judge what is left.",
    "jitney.chaos.cli:chaos",
)
_hand_on(
    "overload",
    "Ask a stack of its own for ten times what it can carry, and tell what it refuses and what not.",
    "jitney.strain.cli:overload",
)
_hand_on("soak", "Let a city ride in a stack of its own for hours, and tell what grows.", "jitney.strain.cli:soak")


def main() -> None:
    """Runs the command; what a person can put right is said plainly, without a traceback."""
    from jitney.stack.problems import StackError

    # Whoever ends us also ends, in order, the stack that is measured or attacked, and its gigabytes.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app(prog_name="jitney")
    except StackError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
