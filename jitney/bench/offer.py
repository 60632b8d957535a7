"""How long a rider's request takes to become an offer to a driver, while a simulated city keeps the stack busy.

The figure is the operator's: the seconds between the two events as the service wrote them down, 95 of 100 at most that.
The limit is the median with hardly any demand, measured on the same stack just before: what remains of it, however
little there is to do, is the hold on the card and the wait for the next round of dispatch.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jitney.bench.result import Detail, Result
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.stack.problems import StackError

TARGET_SECONDS = 3.0
_QUIET_MINUTES = 5.0
_QUIET_RIDES_PER_MINUTE = 1.0


@dataclass(frozen=True)
class Demand:
    """What the city asks for, as options of `jitney simulate`.

    Args:
        minutes, speed: simulated minutes, and how much faster than the clock on the wall they pass.
        drivers: on shift.
        rides_per_minute: of its own, in simulated minutes; without `trips`.
        trips, start: a file of trips to replay, and where in it to begin.
        seed: the same seed draws the same people.
    """

    minutes: float
    speed: float
    drivers: int
    rides_per_minute: float
    trips: str | None
    start: str | None
    seed: int

    def options(self) -> list[str]:
        """The options that describe it."""
        trips = [] if self.trips is None else ["--trips", self.trips]
        start = [] if self.start is None else ["--from", self.start]
        return [
            *("--minutes", f"{self.minutes:g}", "--speed", f"{self.speed:g}", "--drivers", str(self.drivers)),
            *("--rides-per-minute", f"{self.rides_per_minute:g}", "--seed", str(self.seed), *trips, *start),
        ]

    def quiet(self) -> "Demand":
        """The same city with hardly any demand."""
        return Demand(_QUIET_MINUTES, self.speed, self.drivers, _QUIET_RIDES_PER_MINUTE, None, None, self.seed)

    def wall_seconds(self) -> float:
        """How long it may take at most: the time itself, the end of the last rides, signing in and settling."""
        return (self.minutes + 60) * 60 / self.speed + 300


def measure_offer(demand: Demand) -> Result:
    """Lets a city use a stack of its own, first quietly, then as asked."""
    with own_stack() as stack:
        stack.start()
        quiet = _simulate(stack, demand.quiet())
        busy = _simulate(stack, demand)
    return result_of(quiet, busy)


def result_of(quiet: Mapping[str, Any], busy: Mapping[str, Any]) -> Result:
    """From the reports of both simulations.

    Raises:
        StackError: there was not one offer in one of them, or the busy one broke a promise of its own.
    """
    limit, value = quiet["request_to_offer_p50_seconds"], busy["request_to_offer_p95_seconds"]
    if limit is None or value is None:
        raise StackError("No offer was made in the simulation.")
    if busy["broken_promises"]:
        raise StackError(
            "The simulation broke promises, so its times mean little: " + "; ".join(busy["broken_promises"])
        )
    return Result(
        name="offer",
        value=float(value),
        unit="s",
        limit=float(limit),
        target=TARGET_SECONDS,
        details=(
            Detail("rides requested", float(busy["requested"]), ""),
            Detail("rides completed", float(busy["completed"]), ""),
            Detail("drivers", float(busy["drivers"]), ""),
            Detail("median", float(busy["request_to_offer_p50_seconds"]), "s"),
            Detail("95 of 100 within", float(value), "s"),
            Detail("median with hardly any demand", float(limit), "s"),
        ),
    )


def _simulate(stack: OwnStack, demand: Demand) -> dict[str, Any]:
    addresses = stack.environment
    keys = {
        "JITNEY_SIGNING_KEYS_DIR": str(stack.data.keys),
        "JITNEY_MATCHING_TARGET": addresses["JITNEY_MATCHING_LISTEN"],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "jitney", "simulate", *demand.options(), "--json"],
            env={**addresses, **keys},
            stdout=subprocess.PIPE,
            text=True,
            timeout=demand.wall_seconds(),
            check=False,
        )
        return dict(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        raise StackError("The simulation did not come to its end.") from None
    except ValueError:
        raise StackError("The simulation gave no report.") from None
