"""How long `jitney up` takes until everything is healthy: a first start, which makes the database, and a later one.

Beside it stands how long a newcomer waits for a ride: from `jitney up --city` to the first one that is completed.

The limit is the longest chain that no start can do in parallel: PostgreSQL (made and) started until it answers, then
the import of one service. What keeps the rest from hiding behind it is CPU time, so that stands beside it: with all
cores to itself a start takes its CPU seconds divided by the cores.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitney.bench.result import Detail, Promise, Result, median
from jitney.stack.checks import answers
from jitney.stack.launch import Launcher
from jitney.stack.own_stack import OwnStack, free_ports, own_stack, scratch_folder
from jitney.stack.postgres import Cluster, new_password
from jitney.stack.problems import StackError

TARGET_SECONDS = 5.0
MOST_RIDE_SECONDS = 15.0
_RIDE_PATIENCE_SECONDS = 120.0
_SERVICE = "matching_service"
_POSTGRES_SECONDS = 60.0


@dataclass(frozen=True)
class Repeat:
    """One round, in seconds of the clock on the wall but for the CPU time."""

    first: float
    later: float
    first_limit: float
    later_limit: float
    first_cpu: float
    later_cpu: float
    city: float
    ride: float
    """From the command to the first completed ride; `city` to a healthy stack with a city in it."""


def measure_start(repeats: int, say: Callable[[str], None]) -> Result:
    """Starts a stack of its own twice a round, with the parts of the limit in between."""
    rounds: list[Repeat] = []
    for number in range(1, repeats + 1):
        rounds.append(_round())
        last = rounds[-1]
        say(
            f"round {number} of {repeats}: first {last.first:.2f} s, later {last.later:.2f} s, "
            f"a ride after {last.ride:.2f} s"
        )
    return result_of(rounds, cores=os.cpu_count() or 1, load=os.getloadavg()[0])


def result_of(rounds: Sequence[Repeat], *, cores: int, load: float) -> Result:
    """The medians of all rounds; the promise holds for the slower of the two kinds of start."""
    first, later = median([item.first for item in rounds]), median([item.later for item in rounds])
    first_limit, later_limit = median([item.first_limit for item in rounds]), median([it.later_limit for it in rounds])
    first_cpu, later_cpu = median([item.first_cpu for item in rounds]), median([item.later_cpu for item in rounds])
    city, ride = median([item.city for item in rounds]), median([item.ride for item in rounds])
    return Result(
        name="start",
        value=max(first, later),
        unit="s",
        limit=first_limit if first >= later else later_limit,
        target=TARGET_SECONDS,
        details=(
            Detail("first start", first, "s"),
            Detail("its limit", first_limit, "s"),
            Detail("its CPU time / cores", first_cpu / cores, "s"),
            Detail("later start", later, "s"),
            Detail("its limit", later_limit, "s"),
            Detail("its CPU time / cores", later_cpu / cores, "s"),
            Detail("with a city", city, "s"),
            Detail("from healthy to the first completed ride", ride - city, "s"),
            Detail("cores", cores, ""),
            Detail("load of the machine", load, ""),
        ),
        also=[Promise("from the command to the first completed ride (s)", ride, most=MOST_RIDE_SECONDS)],
    )


def _round() -> Repeat:
    imported = _import_of_a_service()
    made, answered = _postgres_alone()
    with own_stack() as stack:
        first = stack.start()
        first_cpu = _cpu_seconds(stack)
        stack.stop()
        later = stack.start()
        later_cpu = _cpu_seconds(stack)
    city, ride = _first_ride()
    limits = made + answered + imported, answered + imported
    return Repeat(first, later, *limits, first_cpu, later_cpu, city, ride)


def _first_ride() -> tuple[float, float]:
    """Seconds from the command to a healthy stack with a city, and to the first ride that somebody completed there."""
    import psycopg

    from jitney.bench.edge_stage import settings_of

    with own_stack("--city") as stack:
        began = time.monotonic()
        healthy = stack.start()
        url = settings_of(stack)["JITNEY_MATCHING_DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            while not connection.execute("SELECT 1 FROM ride WHERE state = 'completed' LIMIT 1").fetchone():
                if time.monotonic() - began > _RIDE_PATIENCE_SECONDS:
                    raise StackError(f"No ride was completed within {_RIDE_PATIENCE_SECONDS:g} s.")
                time.sleep(0.05)
        return healthy, time.monotonic() - began


def _import_of_a_service() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", f"import {_SERVICE}.__main__"], check=True, timeout=_POSTGRES_SECONDS)
    return time.monotonic() - began


def _postgres_alone() -> tuple[float, float]:
    """Seconds that making a cluster takes, and then its start until it answers."""
    with scratch_folder() as folder, Launcher() as launcher:
        cluster = Cluster(folder / "postgres", "127.0.0.1", free_ports(1)[0], new_password())
        began = time.monotonic()
        try:
            cluster.create()
            made = time.monotonic()
            spec = cluster.spec()
            process = launcher.start(spec, folder / "postgres.log")
            try:
                asyncio.run(_until_it_answers(cluster.superuser_url()))
                return made - began, time.monotonic() - made
            finally:
                launcher.stop(process, spec)
        finally:
            cluster.erase()


async def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + _POSTGRES_SECONDS
    while not await answers(url):
        if time.monotonic() > deadline:
            raise StackError("PostgreSQL alone does not answer.")
        await asyncio.sleep(0.01)


def _cpu_seconds(stack: OwnStack) -> float:
    """CPU time that the supervisor and all it started have used so far; of those that ended, their parent knows."""
    import psutil

    total = 0.0
    supervisor = psutil.Process(stack.record().supervisor_pid)
    for process in (supervisor, *supervisor.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
