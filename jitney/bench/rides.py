"""Whole rides by REST on a stack of its own, the sandbox included: the CPU time that the services take for each.

At each rate the drivers first come on shift and wait (what a waiting city costs), then rides are asked for at an even
pace. CPU time is taken over a stretch in which as many rides end as begin. The limit is the floor: what as many calls,
writes and events cost when the barest program does them (ride_parts.py), on the same stack in the same run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from jitney.bench.result import Detail, Promise, Result
from jitney.bench.ride_parts import Parts, measure_parts
from jitney.bench.ride_profile import PER_SECOND
from jitney.bench.rides_load import Orders
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.stack.problems import StackError

TARGET_MILLIS = 30.0
LEAST_OF_FLOOR = 0.4
MOST_GROWTH = 1.25
"""How much dearer a ride may be at the highest rate than at the lowest, what a waiting city costs left out."""
SERVICES = ("identity", "matching", "payment", "notification", "rest", "stream")
"""Whose CPU counts; the stores and the imitated outside stand beside."""
BESIDE = ("postgres", "redis", "sandbox")
PROFILE = "profile"
"""Begins the details that tell where the time goes."""
UNSEEN = "outside of the interpreter"
_LEAST_SHOWN_MILLIS = 0.5
LEAST_CARRIED = 0.8
"""A rate is carried where so much of what is asked for is completed while it is asked for."""
_RIDE_SECONDS = 10.0
_QUIET_SECONDS = 12.0
"""Of which the last three fifths count: by then all drivers are on shift, and coming on shift is no waiting."""
_PATIENCE_SECONDS = 900.0
_LIMITS = ("JITNEY_REST_READS_PER_MINUTE", "JITNEY_REST_WRITES_PER_MINUTE")


@dataclass(frozen=True)
class Plan:
    """Rates of rides a second, and for how long each is kept up."""

    rates: Sequence[float]
    seconds: float


@dataclass(frozen=True)
class AtRate:
    """What one rate came to; CPU in milliseconds a completed ride.

    Args:
        asked, completed_per_second: rides a second, as asked for and as they ended in the stretch.
        gross: CPU of the services, all of it; by_process of whom.
        net: without what the same city costs while it waits.
        beside: of the stores and the sandbox.
        each: calls, writes and events a ride.
        lost: rides that did not end well.
    """

    asked: float
    completed_per_second: float
    gross: float
    net: float
    by_process: Mapping[str, float]
    beside: Mapping[str, float]
    each: Mapping[str, float]
    lost: int
    broken_promises: Sequence[str]


def measure_rides(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures each rate, then the parts.

    Raises:
        StackError: the stack or the people fail.
    """
    with own_stack() as stack:
        say("Starting a stack")
        stack.environment.update(dict.fromkeys(_LIMITS, "1000000"))
        stack.start()
        found: list[AtRate] = []
        too_many: list[float] = []
        for number, rate in enumerate(plan.rates):
            try:
                last = at_rate(rate, _play(stack, rate, plan.seconds, number))
            except TooMany as error:
                # The rates before have their figures; this one, and any beyond it, the machine does not carry.
                too_many.append(rate)
                say(f"{rate:g} rides/s: {error}")
                break
            found.append(last)
            for broken in last.broken_promises:
                say(f"broken: {broken}")
            say(
                f"{rate:g} rides/s asked for, {last.completed_per_second:.1f} completed: "
                f"{last.gross:.1f} ms of CPU each, {last.net:.1f} without what a waiting city costs"
            )
        if not found:
            raise StackError(f"Not even at {too_many[0]:g} rides/s was a ride completed in time.")
        profile = profile_where_carried(
            [item.asked for item in found[: (len(found) + 1) // 2]],
            lambda rate: _profile(stack, rate, plan.seconds, len(plan.rates)),
            say,
        )
        parts = measure_parts(stack)
    return result_of(found, parts, too_many, profile)


class TooMany(StackError):
    """At that rate far fewer rides are completed than asked for: the machine does not carry so many."""


def at_rate(rate: float, played: Mapping[str, Any]) -> AtRate:
    """What the moments that were taken down say.

    Raises:
        TooMany: less than `LEAST_CARRIED` of them were completed in the steady stretch; the CPU of a machine that is
            full tells of retries and of what waits, not of rides.
    """
    (quiet_begin, quiet_end), (begin, end) = played["quiet"], played["steady"]
    seconds, quiet_seconds = end["seconds"] - begin["seconds"], quiet_end["seconds"] - quiet_begin["seconds"]
    completed = end["completed"] - begin["completed"]
    if completed < LEAST_CARRIED * rate * seconds:
        raise TooMany(
            f"only {completed} rides in {seconds:.0f} s were completed: {played['ends']}, {played['troubles']}"
        )

    def used(name: str) -> float:
        return 1_000 * float(end["cpu_seconds"][name] - begin["cpu_seconds"][name]) / completed

    def waiting(name: str) -> float:
        quiet = quiet_end["cpu_seconds"][name] - quiet_begin["cpu_seconds"][name]
        return 1_000 * float(quiet) / quiet_seconds * seconds / completed

    def count(what: str) -> float:
        busy = end["counts"][what] - begin["counts"][what]
        quiet = (quiet_end["counts"][what] - quiet_begin["counts"][what]) / quiet_seconds * seconds
        return max(0.0, float(busy - quiet)) / completed

    gross = sum(used(name) for name in SERVICES)
    return AtRate(
        asked=rate,
        completed_per_second=completed / seconds,
        gross=gross,
        net=gross - sum(waiting(name) for name in SERVICES),
        by_process={name: used(name) for name in SERVICES},
        beside={name: used(name) for name in BESIDE},
        each={
            # Less what services ask of each other; never below none, whatever the waiting city asked.
            "edge calls": max(0.0, count("calls in") - count("calls out")),
            "calls between services": count("calls out"),
            "commits": count("commits"),
            "events": count("events"),
        },
        lost=played["requested"] - played["completed"],
        broken_promises=played["broken_promises"],
    )


def profile_where_carried(
    rates: Sequence[float], profile: Callable[[float], Sequence[Detail]], say: Callable[[str], None]
) -> Sequence[Detail]:
    """The profile at the last of some rising rates, or at the next lower one where being looked at was too much."""
    for rate in reversed(rates):
        say(f"looking into the processes at {rate:g} rides/s")
        try:
            return profile(rate)
        except TooMany as error:
            say(f"nothing seen: {error}")
    return ()


def _profile(stack: OwnStack, rate: float, seconds: float, seed: int) -> Sequence[Detail]:
    """Where the time goes, in a run of its own at a rate that was carried: being looked at is not free."""
    played = _play(stack, rate, seconds, seed, profiled=True)
    begin, end = played["steady"]
    return profile_of(at_rate(rate, played), end["completed"] - begin["completed"], played["profile"])


def profile_of(at: AtRate, completed: int, seen: Mapping[str, Mapping[str, int]]) -> Sequence[Detail]:
    """Milliseconds a ride by process and part, none below a half; what was not seen of a process's CPU stands last."""
    details: list[Detail] = []
    for name, moments in seen.items():
        millis = {part: 1_000 * count / PER_SECOND / completed for part, count in moments.items()}
        millis[UNSEEN] = at.by_process[name] - sum(millis.values())
        details += [
            Detail(f"{PROFILE} at {at.asked:g}/s, {name}: {part}", value, "ms")
            for part, value in sorted(millis.items(), key=lambda item: (item[0] == UNSEEN, -item[1]))
            if value >= _LEAST_SHOWN_MILLIS
        ]
    return details


def result_of(
    found: Sequence[AtRate], parts: Parts, too_many: Sequence[float] = (), profile: Sequence[Detail] = ()
) -> Result:
    """The figure of the highest rate that was carried; the others, and of whom it is made, beside."""
    highest, lowest = max(found, key=lambda item: item.asked), min(found, key=lambda item: item.asked)
    floor = parts.floor_millis(highest.each)
    details: list[Detail] = []
    for item in found:
        at = f"{item.asked:g}/s"
        details += [
            Detail(f"{at}: completed", item.completed_per_second, "rides/s"),
            Detail(f"{at}: CPU a ride", item.gross, "ms"),
            Detail(f"{at}: without what a waiting city costs", item.net, "ms"),
            Detail(f"{at}: rides that ended otherwise", item.lost, ""),
        ]
    details += [Detail(f"of that, {name}", millis, "ms") for name, millis in highest.by_process.items()]
    details += [Detail(f"beside that, {name}", millis, "ms") for name, millis in highest.beside.items()]
    costs = {
        "edge calls": parts.edge_call,
        "calls between services": parts.hop,
        "commits": parts.write,
        "events": parts.event,
    }
    for what, number in highest.each.items():
        details += [Detail(f"{what} a ride", number, ""), Detail("  the least that each costs", costs[what], "ms")]
    details += profile
    details.append(Detail("load of the machine", os.getloadavg()[0], ""))
    also = [
        Promise("floor / CPU a ride", floor / highest.gross, least=LEAST_OF_FLOOR),
        Promise("rates that the machine did not carry", len(too_many), most=0),
        Promise("rides that broke a promise", sum(len(item.broken_promises) for item in found), most=0),
    ]
    if len(found) > 1:
        growth = highest.net / lowest.net if lowest.net > 0 else 0.0
        also.append(Promise("a ride at the highest rate / at the lowest", growth, most=MOST_GROWTH))
    return Result("rides", highest.gross, "ms", floor, TARGET_MILLIS, details, also=also)


def _play(stack: OwnStack, rate: float, seconds: float, seed: int, *, profiled: bool = False) -> Mapping[str, Any]:
    addresses = stack.environment
    pids = {item.name: item.pid for item in stack.record().processes}
    orders = Orders(
        rate=rate,
        seconds=seconds,
        quiet_seconds=_QUIET_SECONDS,
        drivers=ceil(rate * _RIDE_SECONDS * 1.3) + 10,
        rest_url=f"http://{addresses['JITNEY_REST_LISTEN']}",
        stream_url=f"http://{addresses['JITNEY_STREAM_LISTEN']}",
        matching_target=addresses["JITNEY_MATCHING_LISTEN"],
        sandbox_url=f"http://{addresses['JITNEY_SANDBOX_LISTEN']}",
        keys=str(stack.data.keys),
        pids=pids,
        metrics={name: addresses[f"JITNEY_{name.upper()}_METRICS_LISTEN"] for name in SERVICES[:4]},
        databases=_databases(stack),
        seed=seed,
        profiled={name: pid for name, pid in pids.items() if profiled and name in SERVICES},
    )
    done = subprocess.run(
        [sys.executable, "-m", "jitney.bench.rides_load"],
        input=json.dumps(asdict(orders)),
        env=dict(addresses),
        capture_output=True,
        text=True,
        timeout=seconds + _PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise StackError("The people who ride failed:\n" + "\n".join(done.stderr.strip().splitlines()[-10:]))
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _databases(stack: OwnStack) -> str:
    from jitney.bench.edge_stage import settings_of

    return settings_of(stack)["JITNEY_MATCHING_DATABASE_URL"]
