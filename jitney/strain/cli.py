"""`jitney overload` and `jitney soak`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jitney.strain.overload import Outcome
    from jitney.strain.soak import Soaking

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome for programs.")]
Drivers = Annotated[int, typer.Option(min=1, max=2_000, help="On shift in the city.")]
Rides = Annotated[float, typer.Option(min=0.1, max=50, help="Asked for in the city, by the clock.")]


def overload(
    times: Annotated[float, typer.Option(min=1.5, max=100, help="Of what the stack can carry.")] = 10.0,
    seconds: Annotated[float, typer.Option(min=2, max=3_600, help="Of it, by each protocol.")] = 60.0,
    drivers: Drivers = 15,
    rides_per_second: Rides = 0.3,
    connections: Annotated[int, typer.Option(min=20, max=1_500, help="Over which it comes at most.")] = 400,
    only: Annotated[str, typer.Option(metavar="PROTOCOL", help="rest or grpc alone.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask a stack of its own for ten times what it can carry, while a city rides in it.

    The exit code is 1 where trips were not answered, something was refused without saying when to ask again, memory
    grew, or it was not as before within a minute.
    """
    from jitney.stack.problems import StackError
    from jitney.strain.overload import Plan
    from jitney.strain.overload import overload as run

    if only not in ("", "rest", "grpc"):
        raise StackError(f"There is no protocol {only}: rest or grpc.")
    plan = Plan(
        times,
        seconds,
        drivers=drivers,
        rides_per_second=rides_per_second,
        connections=connections,
        protocols=(only,) if only else ("rest", "grpc"),
    )
    outcome = run(plan, _say)
    _print(outcome.as_json() if as_json else _lines_of(outcome), outcome.violations)


def soak(
    minutes: Annotated[float, typer.Option(min=0.2, max=10_000, help="Of load.")] = 60.0,
    drivers: Drivers = 40,
    rides_per_second: Rides = 0.8,
    every_seconds: Annotated[float, typer.Option(min=1, max=600, help="Between samples.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Let a city ride in a stack of its own for hours, and tell what grows.

    The exit code is 1 where memory, files, connections or threads grow, or anything was lost.
    """
    from jitney.strain.soak import Plan
    from jitney.strain.soak import soak as run

    found = run(Plan(minutes, drivers, rides_per_second, every_seconds), _say)
    _print(found.as_json() if as_json else _slopes_of(found), found.violations)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _print(told: object, violations: list[str]) -> None:
    if isinstance(told, list):
        for line in [*told, *(f"VIOLATION  {violation}" for violation in violations)]:
            typer.echo(line)
    else:
        typer.echo(json.dumps(told))
    raise typer.Exit(1 if violations else 0)


def _lines_of(outcome: Outcome) -> list[str]:
    lines: list[str] = []
    for protocol, found in outcome.protocols.items():
        lines.append(
            f"{protocol}: carried {found.carried_per_second:g}/s, offered {found.offered_per_second:g}/s, "
            f"of which answered {found.good_per_second:g}/s; as before {found.recovered_after_seconds:g} s after it"
        )
        for when, told in (("usual", found.usual), ("too much", found.too_much)):
            lines += [f"  {when}, {name}: {figures}" for name, figures in told.items()]
        for name, (before, most, after) in found.memory_mb.items():
            threads = " to ".join(f"{count:g}" for count in found.threads.get(name, (0.0, 0.0)))
            lines.append(f"  {name}: {before:g} MB, at most {most:g}, {after:g} after it; threads {threads}")
    return [*lines, f"city: {outcome.city}", f"{len(outcome.violations)} violations"]


def _slopes_of(found: Soaking) -> list[str]:
    return [
        f"{found.minutes:g} minutes, {found.samples} samples; city: {found.city}",
        *(
            f"  {slope.name}: {slope.first:g} to {slope.last:g}, {slope.an_hour:+g} an hour"
            + ("  GROWS" if slope.is_notable else "")
            for slope in found.slopes
        ),
        f"{len(found.violations)} violations",
    ]
