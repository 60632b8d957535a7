"""`jitney bench NAME`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jitney.bench.result import Result, table_of

app = typer.Typer(
    help="Measure what was promised, on a stack of its own. The exit code is 1 where the target is not met.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="End with one line of JSON, for programs.")]


@app.command()
def start(
    repeats: Annotated[int, typer.Option(min=1, max=50, help="Rounds; medians count.")] = 3, as_json: AsJson = False
) -> None:
    """Measure `jitney up` until all is healthy: a first start and a later one."""
    from jitney.bench.start import measure_start

    _report(lambda: measure_start(repeats, typer.echo), as_json)


@app.command()
def memory(
    idle_seconds: Annotated[float, typer.Option(min=0, max=3_600, help="How long to leave it alone.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Measure the memory of our Python processes while nobody uses them."""
    from jitney.bench.memory import measure_memory

    _report(lambda: measure_memory(idle_seconds), as_json)


@app.command()
def offer(
    minutes: Annotated[float, typer.Option(min=1, max=1_440, help="How long, in simulated minutes.")] = 20,
    drivers: Annotated[int, typer.Option(min=1, max=5_000, help="How many drivers are on shift.")] = 25,
    speed: Annotated[float, typer.Option(min=0.1, max=60, help="How much faster than the clock on the wall.")] = 10,
    rides_per_minute: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="Demand of its own, in simulated minutes; without --trips.")
    ] = 3,
    trips: Annotated[Path | None, typer.Option(metavar="FILE", help="Trips to replay (CSV, may be gzipped).")] = None,
    begin: Annotated[datetime | None, typer.Option("--from", help="Where in the file to begin.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Chance; the same seed draws the same people.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Measure how long a request takes to become an offer, in a simulated city."""
    from jitney.bench.offer import Demand, measure_offer

    demand = Demand(
        minutes,
        speed,
        drivers,
        rides_per_minute,
        None if trips is None else str(trips.absolute()),
        None if begin is None else begin.isoformat(),
        seed,
    )
    _report(lambda: measure_offer(demand), as_json)


@app.command()
def captures(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each side, in turns; medians count.")] = 5,
    a_round: Annotated[int, typer.Option(min=16, max=100_000, help="Captures a side and round.")] = 4_000,
    growth_to: Annotated[
        int, typer.Option(min=0, max=100_000_000, help="Postings up to which the growth of the cost is measured.")
    ] = 10_000_000,
    as_json: AsJson = False,
) -> None:
    """Measure captures through payment_service, beside pgbench with the very statements that it sends."""
    from jitney.bench.captures import Plan, measure_captures

    _report(lambda: measure_captures(Plan(rounds, a_round, growth_to), typer.echo), as_json)


@app.command()
def events(
    rate: Annotated[float, typer.Option(min=10, max=20_000, help="Events a second.")] = 1_000,
    seconds: Annotated[float, typer.Option(min=2, max=600, help="Of each stretch.")] = 10,
    marketing: Annotated[int, typer.Option(min=0, max=1_000_000, help="Messages that are queued.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Measure how long an event takes from its commit to its consumer and to a driver's live stream."""
    from jitney.bench.events import Plan, measure_events

    _report(lambda: measure_events(Plan(rate, seconds, marketing), typer.echo), as_json)


@app.command()
def locations(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each side, in turns; medians count.")] = 5,
    a_round: Annotated[int, typer.Option(min=1_600, max=5_000_000, help="Pings a side and round.")] = 160_000,
    as_json: AsJson = False,
) -> None:
    """Measure drivers' pings over streams and REST into Redis, beside Redis alone writing each of them."""
    from jitney.bench.locations import Plan, measure_locations

    _report(lambda: measure_locations(Plan(rounds, a_round), typer.echo), as_json)


@app.command()
def edge(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each side, in turns; medians count.")] = 5,
    a_round: Annotated[int, typer.Option(min=50, max=100_000, help="Requests a side and round.")] = 2_000,
    streams: Annotated[int, typer.Option(min=0, max=50_000, help="Live streams that are held at once.")] = 5_000,
    as_json: AsJson = False,
) -> None:
    """Measure quotes and reads of rides by REST beside a constant, and live streams held by one process."""
    from jitney.bench.edge import Plan, measure_edge

    _report(lambda: measure_edge(Plan(rounds, a_round, streams), typer.echo), as_json)


@app.command()
def grpc_chain(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each side, in turns; medians count.")] = 5,
    a_round: Annotated[int, typer.Option(min=100, max=1_000_000, help="Calls a side and round.")] = 4_000,
    as_json: AsJson = False,
) -> None:
    """Measure a call behind all that stands around a service's methods, beside the same answer on raw bytes."""
    from jitney.bench.grpc_chain import Plan, measure_grpc_chain

    _report(lambda: measure_grpc_chain(Plan(rounds, a_round), typer.echo), as_json)


@app.command()
def rides(
    rates: Annotated[str, typer.Option(help="Rides a second, with commas between.")] = "1,5,10,20",
    seconds: Annotated[float, typer.Option(min=5, max=600, help="How long each rate is kept up.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Measure the CPU time of all services for a whole ride by REST, beside the floor that its parts make."""
    from jitney.bench.rides import Plan, measure_rides

    paces = [float(rate) for rate in rates.split(",")]
    _report(lambda: measure_rides(Plan(paces, seconds), typer.echo), as_json)


@app.command()
def write_tx(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each side, in turns; medians count.")] = 5,
    a_round: Annotated[int, typer.Option(min=64, max=1_000_000, help="Transactions a side and round.")] = 2_000,
    as_json: AsJson = False,
) -> None:
    """Measure rides and their events written by the service, beside pgbench writing the same rows."""
    from jitney.bench.write_tx import Plan, measure_write_tx

    _report(lambda: measure_write_tx(Plan(rounds, a_round), typer.echo), as_json)


@app.command()
def tables(
    rows: Annotated[
        int, typer.Option(min=10_000, max=1_000_000_000, help="Rides in the past at the end.")
    ] = 10_000_000,
    repeats: Annotated[int, typer.Option(min=5, max=1_000, help="How often each call is made; medians count.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Measure how calls on matching's tables grow from ten thousand rides in them to ten million."""
    from jitney.bench.tables import Plan, measure_tables

    _report(lambda: measure_tables(Plan(10_000, rows, repeats), typer.echo), as_json)


@app.command()
def streams(
    count: Annotated[int, typer.Option(min=10, max=50_000, help="Live streams that are held at once.")] = 5_000,
    as_json: AsJson = False,
) -> None:
    """Measure live streams held by one process: memory, and what is missed while clients and Redis come and go."""
    from jitney.bench.edge import measure_streams

    _report(lambda: measure_streams(count, typer.echo), as_json)


@app.command()
def eta(as_json: AsJson = False) -> None:
    """Measure how wrong travel times are on real taxi trips, as estimated and as completed trips have taught them."""
    from jitney.bench.eta import measure_eta

    _report(lambda: measure_eta(typer.echo), as_json)


@app.command()
def streets(
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Rounds of each question; medians count.")] = 7,
    growth_to: Annotated[
        int, typer.Option(min=4_000, max=2_000_000, help="Nodes up to which the growth with the map is measured.")
    ] = 400_000,
    as_json: AsJson = False,
) -> None:
    """Measure what dispatch asks the streets at a tick, beside the bare searches; and building and loading a map."""
    from jitney.bench.streets import measure_streets

    _report(lambda: measure_streets(rounds, growth_to, typer.echo), as_json)


@app.command()
def evenings(
    days: Annotated[
        str,
        typer.Option(
            help="Of the recorded ones, with commas between; all ten if left out. Those of a run share a database: "
            "what a driver is worth where is learned from the days before."
        ),
    ] = "",
    policies: Annotated[str, typer.Option(help="Of greedy, batch and own, with commas between.")] = "greedy,batch,own",
    minutes: Annotated[float, typer.Option(min=25, max=180, help="Of each evening, from 18 h on.")] = 180,
    city_scale: Annotated[
        bool,
        typer.Option(
            "--city-scale", help="All days as one evening, with 5,200 cars and 7.3 trips a second: takes hours."
        ),
    ] = False,
    in_memory: Annotated[
        bool, typer.Option("--in-memory", help="Only the service's choices, without stores: minutes instead of hours.")
    ] = False,
    city: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The policy of a city to try; the packaged one if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what riders of real evenings wait, beside greedy dispatch and plain batches."""
    from jitney.bench.evening_demand import DAYS
    from jitney.bench.evenings import Plan, measure_evenings

    names = ["own"] if city_scale else [name.strip() for name in policies.split(",")]
    chosen = [day.strip() for day in days.split(",")] if days else list(DAYS)
    plan = Plan(chosen, names, minutes, city_scale, in_memory, city)
    _report(lambda: measure_evenings(plan, typer.echo), as_json)


@app.command()
def dispatch_tick(
    riders: Annotated[int, typer.Option(min=10, max=2_000, help="Who wait.")] = 1_000,
    drivers: Annotated[int, typer.Option(min=100, max=200_000, help="Who are free.")] = 20_000,
    ticks: Annotated[int, typer.Option(min=5, max=1_000, help="How often it is measured.")] = 100,
    great_circle: Annotated[
        bool, typer.Option("--great-circle", help="Pickup times as without a map, not by the streets of one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a tick of dispatch in a city at its fullest, beside the best choice among all pairs."""
    from jitney.bench.dispatch_tick import Plan, measure_dispatch_tick

    _report(lambda: measure_dispatch_tick(Plan(riders, drivers, ticks, not great_circle), typer.echo), as_json)


@app.command("all")
def all_rows(
    rows: Annotated[str, typer.Option(help="Rows to measure, with commas between; all if left out.")] = "",
    report: Annotated[
        bool, typer.Option("--report", help="Write benchmarks.md, its plots and .json; other rows stay.")
    ] = False,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")] = Path("docs"),
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A stored benchmarks.json; what became worse is shown.")
    ] = None,
) -> None:
    """Measure every row of what was promised, one after another; 1 where one is missed, failed, or became worse."""
    from jitney.bench import all_rows as every
    from jitney.bench.rows import ROWS
    from jitney.bench.written_report import write_report

    before = None if compare is None else every.read_report(compare)
    names = [name.strip() for name in rows.split(",")] if rows else list(ROWS)
    found = every.measure_all(names, typer.echo)
    worse = False
    for name, change in every.compare(found, before).items() if before is not None else ():
        is_worse = change < every.WORSE
        worse = worse or is_worse
        typer.echo(f"{name}: {change:.2f} of the ratio before{', worse' if is_worse else ''}")
    stored = into / "benchmarks.json"
    if report and rows and stored.exists():
        found = every.beside(found, every.read_report(stored))
    for path in write_report(found, into) if report else ():
        typer.echo(f"Written: {path}")
    raise typer.Exit(0 if every.all_met(found) and not worse else 1)


def _report(measure: Callable[[], Result], as_json: bool) -> None:
    """Prints what was found and ends with the exit code that says whether the target is met."""
    from rich.console import Console

    result = measure()
    Console(highlight=False).print(table_of(result))
    if as_json:
        typer.echo(result.as_json())
    raise typer.Exit(0 if result.met else 1)
