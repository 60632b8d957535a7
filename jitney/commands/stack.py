"""`jitney up`, `down`, `status`, `logs`, `sandbox`: the stack on this machine."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from jitney.commands.options import DATA, Data


def up(
    data: Data = DATA,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is healthy.")] = False,
    city: Annotated[bool, typer.Option(help="Let simulated riders and drivers live in it.")] = False,
    street_map: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", exists=True, dir_okay=False, help="The city's streets, made by jitney map build."
        ),
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


def down(
    data: Data = DATA,
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


def status(
    data: Data = DATA,
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


def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as in jitney status; all of them if left out.")] = None,
    data: Data = DATA,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help="How many to begin with.")] = 50,
) -> None:
    """Show what the processes write, readably."""
    from jitney.stack import logview
    from jitney.stack.folders import DataFolder

    folder = DataFolder(data.absolute())
    files = logview.log_files(folder, name)
    follower = logview.Follower(files, folder if name is None else None)
    for line in logview.recent(files, lines):
        typer.echo(line.render())
    if follow:
        for line in follower.forever():
            typer.echo(line.render())


def sandbox(context: typer.Context) -> None:
    """Run the outside world alone: payment provider, push, text messages, mail."""
    from jitney.sandbox.__main__ import main as run_sandbox

    sys.argv = ["jitney sandbox", *context.args]
    run_sandbox()
