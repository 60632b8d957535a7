"""`jitney chaos`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jitney.chaos.run import Verdict


def chaos(
    seed: Annotated[int, typer.Option(min=0, help="Chance: the same seed, the same harm at the same times.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=1_000, help="So many runs, from the seed on.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.2, max=600, help="Of harm, in each run.")] = 3.0,
    drivers: Annotated[int, typer.Option(min=1, max=2_000, help="On shift.")] = 60,
    rides_per_second: Annotated[float, typer.Option(min=0.1, max=50, help="Asked for, by the clock.")] = 1.5,
    only: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="This kind of fault alone; again for more.")
    ] = None,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="Restart each process in turn, as updates do, and nothing else.")
    ] = False,
    replicas: Annotated[int, typer.Option(min=1, max=8, help="Of each service and of the edge.")] = 1,
    one_of_each: Annotated[
        bool, typer.Option("--one-of-each", help="Kill one replica of each process in turn, and nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts for programs, one a line.")] = False,
) -> None:
    """Attack a stack of its own while a simulated city rides in it, and judge what is left in every store.

    With --rolling or --one-of-each also every request must be answered within the retry that clients are told to do.

    The exit code is 1 where anything was lost, doubled or left undone. A seed that failed fails again by its number.
    """
    from jitney.chaos.faults import FAULTS, rolling_restart
    from jitney.chaos.faults import one_of_each as one_of_each_in_turn
    from jitney.chaos.run import Plan, add_up, attack
    from jitney.chaos.watch_operations import told_of
    from jitney.stack.problems import StackError

    unknown = sorted(set(only or ()) - FAULTS.keys())
    if unknown:
        raise StackError(f"There is no fault {unknown[0]}. There are: {', '.join(FAULTS)}.")
    if (rolling or one_of_each) and (only or rolling == one_of_each):
        raise StackError("--rolling and --one-of-each do what they say and nothing else: give one, without --only.")
    if one_of_each and replicas == 1:
        raise StackError("--one-of-each leaves others at work: it needs --replicas of 2 or more.")
    strikes = rolling_restart(60 * minutes) if rolling else None
    if one_of_each:
        strikes = one_of_each_in_turn(60 * minutes, replicas)
    heals = rolling or one_of_each

    def say(line: str) -> None:
        typer.echo(line, err=True)

    verdicts: list[Verdict] = []
    for number in range(seed, seed + seeds):
        say(f"seed {number}")
        plan = Plan(number, minutes, drivers, rides_per_second, only or (), strikes, heals, replicas)
        verdict = attack(plan, say)
        verdicts.append(verdict)
        if as_json:
            typer.echo(json.dumps(verdict.as_json()))
        else:
            for line in _lines_of(verdict):
                typer.echo(line)
    struck, rides, counts = add_up(verdicts)
    failed = [verdict.seed for verdict in verdicts if verdict.violations]
    if not as_json and seeds > 1:
        typer.echo(
            f"{seeds} runs: {sum(struck.values())} strikes of {len(struck)} kinds, {sum(rides.values())} rides, "
            f"{counts['moves of rides']} moves, {counts['postings']} postings, {counts['charges at the PSP']} charges; "
            f"failed seeds: {', '.join(map(str, failed)) or 'none'}"
        )
        unknown = [seconds for verdict in verdicts for seconds in verdict.unknown_seconds]
        typer.echo(f"outcomes at the PSP: {told_of(unknown)}")
    raise typer.Exit(1 if failed else 0)


def _lines_of(verdict: Verdict) -> list[str]:
    from jitney.chaos.watch_operations import told_of

    lines = [
        f"seed {verdict.seed}, {verdict.minutes:g} min: {sum(verdict.struck.values())} strikes, "
        f"{sum(verdict.rides.values())} rides, {len(verdict.violations)} violations"
    ]
    for name, found in (
        ("struck", verdict.struck),
        ("down already", verdict.missed),
        ("started again", verdict.restarts),
        ("rides", verdict.rides),
        ("canceled or lost", verdict.cancels),
        ("counted", verdict.counts),
        ("told to people", verdict.troubles),
    ):
        if found:
            lines.append(f"  {name}: " + ", ".join(f"{what} {count}" for what, count in found.items()))
    lines.append(f"  outcomes at the PSP: {told_of(verdict.unknown_seconds)}")
    lines.append(f"  requests that the clients' retry did not heal: {verdict.unhealed}")
    lines.append(f"  ended by an operator: {verdict.ended_by_operator}; quiet after {verdict.settled_after_seconds} s")
    return lines + [f"  VIOLATION  {violation}" for violation in verdict.violations]
