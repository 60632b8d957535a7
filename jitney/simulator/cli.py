"""`jitney simulate`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from rich.console import Console

    from jitney.simulator.behavior import Behavior
    from jitney.simulator.demand import BusyPlace
    from jitney.simulator.report import Report

T = TypeVar("T")
_DATA = Path(".jitney")
_STARTING_PLACES = 500


def simulate(
    trips: Annotated[Path | None, typer.Option(metavar="FILE", help="Trips to replay (CSV, may be gzipped).")] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Where in the file to begin, in San Francisco's summer time.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0, help="How long, in simulated minutes; 0 is until stopped.")] = 30,
    drivers: Annotated[int, typer.Option(min=1, max=5_000, help="How many drivers are on shift.")] = 25,
    speed: Annotated[float, typer.Option(min=0.1, max=60, help="How much faster than the clock on the wall.")] = 10,
    city: Annotated[
        str, typer.Option(metavar="KEY", help="Make up demand all over the service area of this city.")
    ] = "",
    rides_per_minute: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="Demand of its own, in simulated minutes; without --trips.")
    ] = 3,
    cash_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders who pay in cash.")] = 0.15,
    xl_share: Annotated[float, typer.Option(min=0, max=1, help="Share of parties of five or six.")] = 0.06,
    wheelchair_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders in a wheelchair.")] = 0.04,
    stops_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders who stop on the way.")] = 0.08,
    rest_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rides after which a driver goes off shift for a while.")
    ] = 0.02,
    no_show_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders who do not come.")] = 0.0,
    edit_share: Annotated[float, typer.Option(min=0, max=1, help="Share who change where they go on the way.")] = 0.05,
    pool_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders who share a vehicle.")] = 0.05,
    delivery_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share who have an order brought instead of riding.")
    ] = 0.05,
    scheduled_share: Annotated[float, typer.Option(min=0, max=1, help="Share of riders who ask ahead.")] = 0.0,
    schedule_ahead: Annotated[
        float, typer.Option(min=1, help="How far ahead they ask, in seconds of the clock on the wall.")
    ] = 1860,
    grpc_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of drivers who follow their live stream by gRPC.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Chance; the same seed draws the same people.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs, and nothing else.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page of HTML as well.")
    ] = None,
    rest_url: Annotated[
        str, typer.Option(help="The REST interface, replicas by commas; default from JITNEY_REST_LISTEN.")
    ] = "",
    stream_url: Annotated[
        str, typer.Option(help="The live streams, the same way; default from JITNEY_STREAM_LISTEN.")
    ] = "",
    matching_target: Annotated[str, typer.Option(help="Matching's gRPC; default from JITNEY_MATCHING_LISTEN.")] = "",
    notification_target: Annotated[
        str, typer.Option(help="Notification's gRPC; default from JITNEY_NOTIFICATION_LISTEN.")
    ] = "",
    sandbox_url: Annotated[str, typer.Option(help="The sandbox; default from JITNEY_SANDBOX_LISTEN.")] = "",
    keys: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Signing keys, for the operator's token of the report.")
    ] = None,
) -> None:
    """Let simulated riders and drivers use a running stack, then report.

    With --trips, real trips are replayed at the times they were made; without, the city makes up its own. The exit code
    is 1 when a promise of the report is broken.
    """
    from rich.console import Console

    from jitney.simulator.api import ApiError, Unreachable
    from jitney.simulator.behavior import Behavior
    from jitney.simulator.demand import DOWNTOWN, place_near_a_busy_one, trips_for_ever
    from jitney.simulator.progress import BarProgress, LineProgress
    from jitney.simulator.run import Addresses, Plan
    from jitney.simulator.run import simulate as run_simulation
    from jitney.simulator.trips import TripsFileError, read_trips
    from jitney.stack.tokens import make_token, signing_keys

    endless = minutes == 0
    chance = random.Random(seed)  # noqa: S311 (a simulation wants to be repeatable)
    addresses = Addresses(
        rest_url=rest_url or _url("JITNEY_REST_LISTEN", "127.0.0.1:8080"),
        stream_url=stream_url or _url("JITNEY_STREAM_LISTEN", "127.0.0.1:8081"),
        matching_target=(
            matching_target
            or os.environ.get("JITNEY_MATCHING_TARGET")
            or os.environ.get("JITNEY_MATCHING_LISTEN", "127.0.0.1:50051")
        ),
        sandbox_url=sandbox_url or _url("JITNEY_SANDBOX_LISTEN", "127.0.0.1:8090"),
        notification_target=(
            notification_target
            or os.environ.get("JITNEY_NOTIFICATION_TARGET")
            or os.environ.get("JITNEY_NOTIFICATION_LISTEN", "127.0.0.1:50053")
        ),
    )
    data = Path(os.environ.get("JITNEY_HOME") or _DATA)
    key_folder = keys or signing_keys(os.environ, data / "keys")

    def operator_token() -> str:
        return make_token(key_folder, "operator", None, 10)

    behavior = Behavior(
        cash_share=cash_share,
        xl_share=xl_share,
        wheelchair_share=wheelchair_share,
        stops_share=stops_share,
        rest_share=rest_share,
        no_show_share=no_show_share,
        edit_share=edit_share,
        pool_share=pool_share,
        delivery_share=delivery_share,
        scheduled_share=scheduled_share,
        schedule_ahead_seconds=schedule_ahead,
        grpc_share=grpc_share,
    )
    busy = DOWNTOWN
    if city:
        busy, behavior = _made_up(city, addresses.rest_url, operator_token(), chance, behavior)
    if trips is None:
        demand = trips_for_ever(chance, rides_per_minute, busy)
        places = [place_near_a_busy_one(chance, busy) for _ in range(_STARTING_PLACES)]
    else:
        if start is None or endless:
            raise StackError("--trips needs --from and a number of --minutes.")
        try:
            demand = read_trips(trips, start, minutes)
        except TripsFileError as error:
            raise StackError(str(error)) from error
        places = [trip.pickup for trip in demand]
    plan = Plan(demand, places, drivers, speed, None if endless else minutes, seed)
    console = Console(stderr=as_json, highlight=False)
    progress = BarProgress(console, plan.minutes, feed=endless) if console.is_terminal else LineProgress(console)
    operator_token()  # keys that are missing are told now, not after the run
    simulation = run_simulation(plan, addresses, operator_token, progress, behavior)
    try:
        with progress:
            report = asyncio.run(_until_stopped(simulation))
    except (ApiError, Unreachable) as error:
        raise StackError(f"The stack at {addresses.rest_url} cannot be used: {error}") from error
    if report is None:
        return
    _show(report, console, as_json, html)
    raise typer.Exit(1 if report.broken_promises else 0)


def _made_up(
    city: str, rest_url: str, operator_token: str, chance: random.Random, behavior: Behavior
) -> tuple[Sequence[BusyPlace], Behavior]:
    """Make up where people are in a city, and leave out what they cannot ask for there."""
    from jitney.simulator.api import ApiError, Unreachable
    from jitney.simulator.cities import read_city
    from jitney.simulator.demand import make_up_city

    try:
        sketch = asyncio.run(read_city(rest_url, operator_token, city))
        return make_up_city(chance, sketch.corners), sketch.wishes(behavior)
    except ValueError as error:
        raise StackError(f"--city {city}: {error}.") from error
    except (ApiError, Unreachable) as error:
        raise StackError(f"The stack at {rest_url} cannot be used: {error}") from error


def _show(report: Report, console: Console, as_json: bool, html: Path | None) -> None:
    """Print the report, for people or for programs, and write its page."""
    from rich.table import Table

    from jitney.simulator.page import page_of
    from jitney.simulator.told import lines_of

    if html is not None:
        try:
            html.write_text(page_of(report), encoding="utf-8")
        except OSError as error:
            raise StackError(f"{html}: the page cannot be written: {error}") from error
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for what, how_much in lines_of(report):
            table.add_row(f"[bold]{what}[/bold]", how_much)
        console.print(table)
        for broken in report.broken_promises:
            console.print(f"[red]Broken: {broken}[/red]")
        for broken in report.broken_invariants:
            console.print(f"[red]{broken}[/red]")


async def _until_stopped(simulation: Coroutine[object, object, T]) -> T | None:
    """Run a simulation until its end, or until SIGINT or SIGTERM ends it without a report."""
    task = asyncio.ensure_future(simulation)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    return None


def _url(variable: str, default: str) -> str:
    return f"http://{os.environ.get(variable, default)}"
