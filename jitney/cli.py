"""The `jitney` command. Only what a command needs is imported, and only when it runs."""

import asyncio
import contextlib
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Jitney: a ride-hailing backend on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="JITNEY_HOME", help="The data folder.")]
_DATA = Path(".jitney")
_SECRETS = Path(".jitney-secrets")
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


class TokenRole(StrEnum):
    """For whom a token can be made."""

    OPERATOR = "operator"
    RIDER = "rider"
    DRIVER = "driver"
    SERVICE = "service"
    SUPPORT = "support"
    ADMIN = "admin"


@app.command()
def up(
    data: Data = _DATA,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is healthy.")] = False,
    city: Annotated[bool, typer.Option(help="Let simulated riders and drivers live in it.")] = False,
    street_map: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="The city's streets, made by jitney map build.")
    ] = None,
    matchers: Annotated[int, typer.Option(min=1, max=16, help="How many processes share the dispatching.")] = 1,
    replicas: Annotated[
        int, typer.Option(min=1, max=8, help="How many of each service and of the edge, each on ports 100 above.")
    ] = 1,
) -> None:
    """Start everything: PostgreSQL, Redis, the sandbox, four services and the edge."""
    from rich.console import Console

    from jitney.stack.environment import StackSettings
    from jitney.stack.up import run_stack
    from jitney.stack.welcome import welcome

    if street_map is not None:
        os.environ["JITNEY_MATCHING_MAP_FILE"] = str(street_map.absolute())
    if replicas > 1:
        os.environ["JITNEY_REPLICAS"] = str(replicas)
    settings = StackSettings.read(os.environ, data)
    console = Console(highlight=False, soft_wrap=True)
    if detach:
        from jitney.stack.detach import start_detached

        with console.status("Starting Jitney"):
            arguments = ["--data", str(data), "--city" if city else "--no-city", "--matchers", str(matchers)]
            seconds = start_detached(settings.data, arguments)
        console.print(welcome(settings, seconds=seconds, with_city=city, detached=True))
        return
    with contextlib.ExitStack() as spinner:
        spinner.enter_context(console.status("Starting Jitney"))

        def greet(seconds: float) -> None:
            spinner.close()
            console.print(welcome(settings, seconds=seconds, with_city=city, detached=False))

        def say(line: str) -> None:
            console.print(line, markup=False)

        asyncio.run(run_stack(settings, os.environ, with_city=city, matchers=matchers, say=say, when_healthy=greet))


@app.command()
def down(
    data: Data = _DATA,
    erase: Annotated[bool, typer.Option("--erase", help="Also remove all of its data.")] = False,
) -> None:
    """Stop what runs on the data folder."""
    from jitney.stack.down import erase as erase_data
    from jitney.stack.down import stop_stack
    from jitney.stack.folders import DataFolder

    folder = DataFolder(data.absolute())
    typer.echo(stop_stack(folder))
    if erase and folder.path.is_dir():
        erase_data(folder)
        typer.echo(f"{folder.path} is removed.")


@app.command()
def status(
    data: Data = _DATA,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every process: health, memory, port. Exit code 1 unless all is healthy."""
    from jitney.stack.folders import DataFolder
    from jitney.stack.problems import StackError
    from jitney.stack.state import StackRecord
    from jitney.stack.status import read_status, table_of

    record = StackRecord.read(DataFolder(data.absolute()).state)
    if record is None or not record.lives:
        if as_json:
            typer.echo(json.dumps({"state": "stopped", "healthy": False, "processes": []}))
            raise typer.Exit(1)
        raise StackError("Jitney is not running. jitney up starts it.")
    current = asyncio.run(read_status(record))
    if as_json:
        typer.echo(json.dumps(current.as_json(), indent=2))
    else:
        from rich.console import Console

        Console(highlight=False).print(table_of(current))
    raise typer.Exit(0 if current.healthy else 1)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as in jitney status; all of them if left out.")] = None,
    data: Data = _DATA,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help="How many to begin with.")] = 50,
) -> None:
    """Show what the processes write, readably."""
    from jitney.stack import logview
    from jitney.stack.folders import DataFolder

    files = logview.log_files(DataFolder(data.absolute()), name)
    follower = logview.Follower(files)
    for line in logview.recent(files, lines):
        typer.echo(line.render())
    if follow:
        for line in follower.forever():
            typer.echo(line.render())


@app.command()
def token(
    role: Annotated[TokenRole, typer.Option(help="In which role its bearer acts.")],
    subject: Annotated[str | None, typer.Option(metavar="UUID", help="Whose account; a new id if left out.")] = None,
    minutes: Annotated[int, typer.Option(help="How long it is valid.")] = 10,
    data: Data = _DATA,
) -> None:
    """Print an access token for local work, for example with grpcurl."""
    from jitney.stack.folders import DataFolder
    from jitney.stack.tokens import make_token

    given = os.environ.get("JITNEY_SIGNING_KEYS_DIR")
    keys = Path(given) if given else DataFolder(data.absolute()).keys
    typer.echo(make_token(keys, role.value, subject, minutes))


class ConsoleRole(StrEnum):
    """Who looks at the console."""

    OPERATOR = "operator"
    SUPPORT = "support"
    ADMIN = "admin"


@app.command()
def console(
    role: Annotated[ConsoleRole, typer.Option(help="In which role.")] = ConsoleRole.OPERATOR,
    browser: Annotated[bool, typer.Option(help="Open it in a browser as well.")] = True,
    data: Data = _DATA,
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


class SecretsForm(StrEnum):
    """Who reads the secrets."""

    COMPOSE = "compose"
    KUBERNETES = "kubernetes"


@app.command("secrets")
def secrets_command(
    form: Annotated[SecretsForm, typer.Option(help="A file for docker compose, or a manifest for kubectl.")],
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where they are kept; back it up.")
    ] = _SECRETS,
    release: Annotated[str, typer.Option(help="Of Helm; begins the Secrets' names.")] = "jitney",
    namespace: Annotated[str, typer.Option(help="Of the Secrets; the current one if left out.")] = "",
    postgres: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where PostgreSQL is; else the bundled one.")] = "",
    redis: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT|URL", help="Where Redis is, or a URL without a password; else the bundled one."
        ),
    ] = "",
    providers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of the providers of messages; else the sandbox.")
    ] = None,
) -> None:
    """Make all keys and passwords of a system in containers, and write them as those want them."""
    from jitney.deploy.secrets import SecretsFolder, Surroundings, for_compose, for_kubernetes

    made = SecretsFolder(folder)
    if form is SecretsForm.COMPOSE:
        around = Surroundings(postgres or "postgres:5432", redis or "redis:6379", "sandbox")
        typer.echo(for_compose(made, around))
        return
    host = f"{release}-{{}}".format
    around = Surroundings(
        postgres or f"{host('postgres')}:5432",
        redis or f"{host('redis')}:6379",
        "" if providers else host("sandbox"),
    )
    typer.echo(for_kubernetes(made, around, release, namespace, providers), nl=False)


@app.command()
def provision(
    patience: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the server.")] = 60,
) -> None:
    """Make the services' roles and databases on the PostgreSQL of JITNEY_POSTGRES_ADMIN_URL, where they are missing."""
    from jitney.deploy.provision import provision_from

    asyncio.run(provision_from(os.environ, patience))


class ReportForm(StrEnum):
    """As what a report is written."""

    CSV = "csv"
    JSON = "json"


@app.command()
def reconcile(
    report: Annotated[ReportForm | None, typer.Option(help="Print the report of the period afterwards.")] = None,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="2026-11-01; this month's first if not set.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day; today if left out.")] = "",
    run: Annotated[bool, typer.Option(help="Compare with the PSP's list now.")] = True,
    audit: Annotated[bool, typer.Option(help="Also audit the ledger against itself.")] = False,
    data: Data = _DATA,
) -> None:
    """Compare the ledger with the PSP's own list. Exit code 1 while something does not agree."""
    from jitney.money import reconcile as commands
    from jitney.money.client import payment_client

    def say(line: str) -> None:
        # The report alone goes to the standard output, so that it can be kept as a file.
        typer.echo(line, err=report is not None)

    with payment_client(os.environ, data) as client:
        if run:
            commands.run(client, say)
        found = commands.audit(client, say) if audit else 0
        found += commands.say_items(client, say)
        if report is not None:
            sys.stdout.buffer.write(commands.report(client, report.value, first, last))
            sys.stdout.buffer.flush()
    raise typer.Exit(1 if found else 0)


@app.command()
def payment(
    name: Annotated[str, typer.Argument(metavar="RIDE_OR_PAYMENT", help="A UUID, ride_... or pay_...")],
    data: Data = _DATA,
) -> None:
    """Tell all that happened around a payment and its ride: operations, postings, what the PSP listed."""
    from jitney.money.client import payment_client
    from jitney.money.payment import story

    with payment_client(os.environ, data) as client:
        for line in story(client, name):
            typer.echo(line)


@app.command()
def explain(
    ride: Annotated[str, typer.Argument(metavar="RIDE", help="A UUID or ride_...")],
    data: Data = _DATA,
) -> None:
    """Tell why a ride got its driver, or none: each tick of dispatch, the drivers around, what they cost."""
    from jitney.explain import explain as tell

    for line in tell(ride, data):
        typer.echo(line)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Where the files go.")],
    first: Annotated[str, typer.Option("--from", metavar="HOUR", help="Of the trips: 2030-01-31T18, in UTC.")],
    last: Annotated[str, typer.Option("--to", metavar="HOUR", help="Up to its begin; this hour's if left out.")] = "",
    url: Annotated[
        str | None, typer.Option(envvar="JITNEY_API", help="Of the API, for a stack that is not a local one.")
    ] = None,
    data: Data = _DATA,
) -> None:
    """Write trips and vehicles for an agency (MDS, docs/mds.md) into files, by the operator's API.

    The operator's token is made with the local stack's keys, or taken from JITNEY_TOKEN.
    """
    from datetime import UTC, datetime

    import httpx

    from jitney import mds_export
    from jitney.stack.environment import StackSettings
    from jitney.stack.tokens import make_token

    hours = mds_export.hours_between(first, last, datetime.now(UTC))
    settings = StackSettings.read(os.environ, data)
    token = os.environ.get("JITNEY_TOKEN") or make_token(settings.data.keys, "operator", None, 60)
    base_url = url or f"http://{settings.addresses['JITNEY_REST_LISTEN'].local}"
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        for line in mds_export.export(client, folder, hours):
            typer.echo(line)


@app.command()
def refund(
    what: Annotated[str, typer.Argument(metavar="RIDE_OR_PAYMENT", help="ride_... or pay_...")],
    reason: Annotated[str, typer.Option(help="Why, for the record and the receipt.")],
    amount: Annotated[str, typer.Option(help='Such as "12.50 USD"; all that is left if not given.')] = "",
    platform_pays: Annotated[bool, typer.Option("--platform-pays", help="The driver keeps the whole share.")] = False,
    key: Annotated[str, typer.Option(help="Names this refund: given again, it is not made twice.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="What the interface answered, for programs.")] = False,
    data: Data = _DATA,
) -> None:
    """Give money back, all or a part."""
    from jitney.operate.refunds import refund as give_back

    told = give_back(what, amount, reason, platform_pays=platform_pays, key=key, as_json=as_json, data=data)
    if told:
        typer.echo(told)


@app.command(context_settings=_PASS_ON, add_help_option=False)
def rides(context: typer.Context) -> None:
    """Find rides, look at them, cancel them."""
    from jitney.operate.rides import app as commands

    commands(args=context.args, prog_name="jitney rides")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def drivers(context: typer.Context) -> None:
    """List drivers; approve, reject, suspend them."""
    from jitney.operate.drivers import app as commands

    commands(args=context.args, prog_name="jitney drivers")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def complaints(context: typer.Context) -> None:
    """List what riders complain of; give money back, or say no."""
    from jitney.operate.complaints import app as commands

    commands(args=context.args, prog_name="jitney complaints")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def promotions(context: typer.Context) -> None:
    """Make promotions, see what they came to, end them."""
    from jitney.operate.promotions import app as commands

    commands(args=context.args, prog_name="jitney promotions")


@app.command("dead-letters", context_settings=_PASS_ON, add_help_option=False)
def dead_letters(context: typer.Context) -> None:
    """Look at events that a service could not take in, and hand them in again."""
    from jitney.operate.dead_letters import app as commands

    commands(args=context.args, prog_name="jitney dead-letters")


maps = typer.Typer(help="Street maps for travel times and ways.", no_args_is_help=True)
app.add_typer(maps, name="map")


@maps.command("build")
def build_map(
    source: Annotated[Path, typer.Argument(metavar="FILE.osm.pbf", help="An extract of OpenStreetMap.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; beside the extract, as .map, if left out.")
    ] = None,
) -> None:
    """Build the street map of a city, for JITNEY_MATCHING_MAP_FILE."""
    import subprocess

    command = [sys.executable, "-m", "matching_service", "map", "build", str(source)]
    done = subprocess.run([*command, *(() if out is None else ("--out", str(out)))], check=False)
    raise typer.Exit(done.returncode)


@app.command(context_settings=_PASS_ON, add_help_option=False)
def city(context: typer.Context) -> None:
    """Read and change what cities sell and charge."""
    from jitney.cities import app as cities

    cities(args=context.args, prog_name="jitney city")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def sandbox(context: typer.Context) -> None:
    """Run the outside world alone: payment provider and text messages."""
    from jitney.sandbox.__main__ import main as run_sandbox

    sys.argv = ["jitney sandbox", *context.args]
    run_sandbox()


@app.command(context_settings=_PASS_ON, add_help_option=False)
def simulate(context: typer.Context) -> None:
    """Let simulated riders and drivers use a running stack."""
    from jitney.simulator.cli import simulate as run_simulation

    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(run_simulation)
    command(args=context.args, prog_name="jitney simulate")


@app.command()
def smoke(
    rest_url: Annotated[str, typer.Option(help="The REST interface.")] = "http://127.0.0.1:8080",
    sandbox_url: Annotated[str, typer.Option(help="The sandbox.")] = "http://127.0.0.1:8090",
    target: Annotated[
        list[str] | None, typer.Option(help="A gRPC service that is asked what it serves; again for more.")
    ] = None,
) -> None:
    """Ask a release with the sandbox for its promises: reflection, one ride a key, nothing held for a declined card.

    Rides that go well are `jitney simulate`'s.
    """
    import asyncio

    from jitney.simulator.api import ApiError, Unreachable
    from jitney.simulator.smoke import SmokeError
    from jitney.simulator.smoke import smoke as ask_for_all
    from jitney.stack.problems import StackError

    try:
        asyncio.run(ask_for_all(rest_url, sandbox_url, target or [], typer.echo))
    except (SmokeError, ApiError, Unreachable) as error:
        raise StackError(f"It does not hold: {error}") from error


@app.command(context_settings=_PASS_ON, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure what was promised of start, memory and dispatch, on a stack of its own."""
    from jitney.bench.cli import app as benchmarks

    benchmarks(args=context.args, prog_name="jitney bench")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def chaos(context: typer.Context) -> None:
    """Attack a stack of its own while a simulated city rides in it, and judge what is left."""
    from jitney.chaos.cli import chaos as run_chaos

    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(run_chaos)
    command(args=context.args, prog_name="jitney chaos")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def overload(context: typer.Context) -> None:
    """Ask a stack of its own for ten times what it can carry, and tell what it refuses and what not."""
    from jitney.strain.cli import overload as run_overload

    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(run_overload)
    command(args=context.args, prog_name="jitney overload")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def soak(context: typer.Context) -> None:
    """Let a city ride in a stack of its own for hours, and tell what grows."""
    from jitney.strain.cli import soak as run_soak

    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(run_soak)
    command(args=context.args, prog_name="jitney soak")


def main() -> None:
    """Runs the command; what a person can put right is said plainly, without a traceback."""
    from jitney.stack.problems import StackError

    try:
        app(prog_name="jitney")
    except StackError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
