"""What `jitney bench rides` plays: whole rides at a steady rate, by the simulator's people, who speak REST alone.

`python -m jitney.bench.rides_load` reads its orders from stdin (JSON) and writes what it saw to stdout. Drivers come on
shift first and wait for a while, so that what a waiting city costs can be told from what rides cost. The service's
clock is the one on the wall; the people are quick, so that not many cars are needed.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jitney.bench.ride_profile import Sampler

SPEED = 60.0
"""How much faster than life the people are: a ride of a kilometer and a half takes some six seconds."""
_TRIP_METERS = 700.0
_METERS_PER_DEGREE = 111_195.0
_STEADY_BEGUN = 3
"""The moment with which the steady stretch begins."""
_LEFT_OUT_SHARE = 0.35
"""Of the time in which rides are asked for, at its begin: until then as many rides begin as end is not yet true."""


@dataclass(frozen=True)
class Orders:
    """What is played.

    Args:
        rate: rides asked for a second, evenly.
        seconds: for how long.
        quiet_seconds: how long the drivers wait before.
        drivers: on shift.
        rest_url, stream_url, matching_target, sandbox_url, keys: of the stack.
        pids: whose CPU time is taken down, by name.
        metrics: where the services' counters are, by name (`host:port`).
        databases: the URL of one of them, which knows the commits of all.
        profiled: which of these are looked into in the steady stretch, which costs them something itself.
        seed: draws the people; another one for each run, so that no code is taken for one of a run before.
    """

    rate: float
    seconds: float
    quiet_seconds: float
    drivers: int
    rest_url: str
    stream_url: str
    matching_target: str
    sandbox_url: str
    keys: str
    pids: Mapping[str, int]
    metrics: Mapping[str, str]
    databases: str
    seed: int
    profiled: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Moment:
    """What had been done, and used, by a moment (seconds since the people were let loose)."""

    seconds: float
    completed: int
    cpu_seconds: Mapping[str, float]
    counts: Mapping[str, float]


@dataclass(frozen=True)
class Played:
    """What was seen: at the begin and end of the quiet stretch and of the steady one; `profile` by process and part."""

    quiet: tuple[Moment, Moment]
    steady: tuple[Moment, Moment]
    requested: int
    completed: int
    ends: Mapping[str, int]
    troubles: Mapping[str, int]
    broken_promises: list[str]
    load_cpu_seconds: float
    profile: Mapping[str, Mapping[str, int]]


class _Watch:
    """A progress of the simulation that shows nothing, and takes things down four times a second."""

    def __init__(self, orders: Orders, sampler: Sampler) -> None:
        self._orders = orders
        self._sampler = sampler
        self.moments: list[Moment] = []
        self._due = [
            *(orders.quiet_seconds * 0.4, orders.quiet_seconds),
            *(orders.quiet_seconds + orders.seconds * _LEFT_OUT_SHARE, orders.quiet_seconds + orders.seconds),
        ]

    def signing_in(self, who: str, done: int, total: int) -> None:
        """Nobody looks."""

    def tell(self, line: str) -> None:
        """Nobody listens."""

    def running(self, simulated_seconds: float, world: Any, live_rides: int) -> None:
        """Takes down what is used at the moments that matter."""
        del live_rides
        seconds = simulated_seconds / SPEED
        if len(self.moments) < len(self._due) and seconds >= self._due[len(self.moments)]:
            from jitney.bench.cpu import cpu_by_name

            used = cpu_by_name(self._orders.pids)
            counts = counters(self._orders.metrics) | {"commits": commits(self._orders.databases)}
            self.moments.append(Moment(seconds, world.tally.completed, used, counts))
            if len(self.moments) == _STEADY_BEGUN:
                self._sampler.start()


def commits(url: str) -> float:
    """Transactions of all databases that wrote something: reads take no number of their own."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    return float(row[0]) if row else 0.0


def counters(metrics: Mapping[str, str]) -> dict[str, float]:
    """The services' own counts so far: calls in and out, events published and handled."""
    import urllib.request

    from prometheus_client.parser import text_string_to_metric_families

    wanted = {
        "grpc_server_handled_total": "calls in",
        "grpc_client_handled_total": "calls out",
        "outbox_published_total": "events",
        "consumer_handled_total": "events handled",
    }
    found = dict.fromkeys(wanted.values(), 0.0)
    for address in metrics.values():
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name in wanted:
                    found[wanted[sample.name]] += float(sample.value)
    return found


def even_trips(rate: float, seconds: float, begin: float, chance: random.Random) -> Iterator[Any]:
    """Trips at an even pace, each over the same distance in another direction, within one neighborhood."""
    import math

    from jitney.simulator.motion import drive_seconds
    from jitney.simulator.trips import Trip
    from shared_kernel.geo import GeoPoint

    for number in range(int(rate * seconds)):
        pickup, angle = place(chance), chance.uniform(0, 2 * math.pi)
        reach = _TRIP_METERS / _METERS_PER_DEGREE
        dropoff = GeoPoint(
            pickup.latitude + reach * math.sin(angle),
            pickup.longitude + reach * math.cos(angle) / math.cos(math.radians(pickup.latitude)),
        )
        yield Trip((begin + number / rate) * SPEED, pickup, dropoff, drive_seconds(pickup, dropoff))


def place(chance: random.Random) -> Any:
    """Somewhere in the neighborhood."""
    from shared_kernel.geo import GeoPoint

    return GeoPoint(37.785 + chance.uniform(-0.008, 0.008), -122.41 + chance.uniform(-0.010, 0.010))


async def play(orders: Orders) -> Played:
    """Let the people ride; raises what the simulation raises."""
    from jitney.simulator.behavior import Behavior
    from jitney.simulator.run import Addresses, Plan, simulate
    from jitney.stack.tokens import make_token

    chance = random.Random(orders.seed)  # noqa: S311 (a benchmark wants to be repeatable)
    trips = list(even_trips(orders.rate, orders.seconds, orders.quiet_seconds, chance))
    minutes = (orders.quiet_seconds + orders.seconds + 1) * SPEED / 60
    plan = Plan(trips, [place(chance) for _ in range(orders.drivers)], orders.drivers, SPEED, minutes, orders.seed)
    addresses = Addresses(orders.rest_url, orders.stream_url, orders.matching_target, orders.sandbox_url)
    # Everybody means it: what a ride costs is measured, not what a whim costs.
    steady = Behavior(
        decline_share=0,
        ignore_share=0,
        driver_cancel_share=0,
        rider_cancel_share=0,
        declined_card_share=0,
        cash_share=0,
        xl_share=0,
        wheelchair_share=0,
        stops_share=0,
        edit_share=0,
        decline_share_per_minute=0,
        tip_share=0,
        rating_share=0,
        tunnel_share=0,
        answer_seconds=(6.0, 12.0),
        boarding_seconds=(6.0, 12.0),
        patience_seconds=60.0 * SPEED,
    )
    sampler = Sampler(orders.profiled, orders.seconds * (1 - _LEFT_OUT_SHARE))
    watch = _Watch(orders, sampler)
    report = await simulate(plan, addresses, lambda: make_token(Path(orders.keys), "operator", None, 10), watch, steady)
    if len(watch.moments) != 4:
        raise RuntimeError("the simulation ended before its time")
    quiet_begin, quiet_end, begin, end = watch.moments
    return Played(
        quiet=(quiet_begin, quiet_end),
        steady=(begin, end),
        requested=report.requested,
        completed=report.completed,
        ends=report.ends,
        troubles=report.troubles,
        broken_promises=report.broken_promises,
        load_cpu_seconds=time.process_time(),
        profile=sampler.seen(),
    )


def main() -> int:
    """Plays what stdin says; returns the exit status."""
    orders = Orders(**json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(asdict(asyncio.run(play(orders)))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
