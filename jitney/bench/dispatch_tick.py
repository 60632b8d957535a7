"""How long a tick of dispatch takes in a city at its fullest: from the stores to the reservations, no offer made.

1,000 riders wait and 20,000 drivers are free. The pickup times are those of a street map, or the great circle's.
Beside it stand the least cost among all twenty million pairs, which takes seconds, and the greedy choice.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chassis.runtime import collector_paused
from jitney.bench.contested import cost_of, measure_contested
from jitney.bench.dispatch_load import all_seconds, dense_least_cost, draw_points, put_drivers, put_riders
from jitney.bench.evening_service import POLICIES, MatchingService, service_on
from jitney.bench.parts import matching
from jitney.bench.result import Detail, Promise, Result
from jitney.bench.stores_alone import Stores, stores_alone
from jitney.bench.street_city import StreetService, read_city_map
from jitney.distribution import percentile

TARGET_MILLIS = 300.0
MOST_ABOVE_OPTIMUM = 1.01
GROWTH = 10
_WARM_UP = 3
_WATCHED = 10
"""Ticks of their own whose holds are looked for: to be looked at so closely takes a tick a tenth of its time."""


@dataclass(frozen=True)
class Plan:
    """How many riders wait, how many drivers are free, and how often a tick is measured."""

    riders: int
    drivers: int
    ticks: int
    streets: bool = True
    """Whether pickup times are those of a street map."""


@dataclass
class Found:
    """Milliseconds of each tick and of its parts; what the choice costs, in seconds of pickup."""

    ticks: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    draw: list[float] = field(default_factory=list[float])
    choose: list[float] = field(default_factory=list[float])
    reserve: list[float] = field(default_factory=list[float])
    cost: float = 0.0
    greedy_cost: float = 0.0
    least_cost: float = 0.0
    greedy_passes: int = 0
    small_ticks: list[float] = field(default_factory=list[float])
    contested: Sequence[Detail] = ()
    holds: list[float] = field(default_factory=list[float])
    """The longest time for which nothing else of the process had its turn, of each tick that was watched for it."""


def measure_dispatch_tick(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures on stores of its own."""
    found = Found()
    with stores_alone() as stores:
        small = replace(plan, riders=plan.riders // GROWTH, drivers=plan.drivers // GROWTH)
        asyncio.run(_measure(stores, stores.database("matching"), small, found, say, whole=False))
        asyncio.run(_measure(stores, stores.database("matching"), plan, found, say, whole=True))
    say("many riders want the same drivers")
    found.contested = measure_contested()
    return result_of(plan, found)


def result_of(plan: Plan, found: Found) -> Result:
    """The 99th of a hundred ticks."""
    return Result(
        name="dispatch-tick",
        value=percentile(found.ticks, 0.99),
        unit="ms",
        limit=statistics.median(found.cpu),
        target=TARGET_MILLIS,
        details=(
            Detail("riders who wait", plan.riders, ""),
            Detail("free drivers", plan.drivers, ""),
            Detail("median", statistics.median(found.ticks), "ms"),
            Detail("CPU of our process, median (the limit)", statistics.median(found.cpu), "ms"),
            Detail("longest hold of the event loop, median of more ticks", statistics.median(found.holds), "ms"),
            Detail("reading the stores, median", statistics.median(found.draw), "ms"),
            Detail("candidates, pickup times and the choice, median", statistics.median(found.choose), "ms"),
            Detail("reservations, median", statistics.median(found.reserve), "ms"),
            Detail(f"median with a {GROWTH}th of riders and drivers", statistics.median(found.small_ticks), "ms"),
            Detail("greedy choice / least cost of all pairs", found.greedy_cost / found.least_cost, ""),
            Detail("passes that were greedy for want of time", found.greedy_passes, ""),
            *found.contested,
            Detail("load of the machine", os.getloadavg()[0], ""),
        ),
        also=[Promise("cost / least cost of all pairs", found.cost / found.least_cost, most=MOST_ABOVE_OPTIMUM)],
    )


async def _measure(
    stores: Stores, database_url: str, plan: Plan, found: Found, say: Callable[[str], None], *, whole: bool
) -> None:
    from chassis.redis_client import open_redis

    redis = open_redis(stores.redis_url)
    await redis.flushall()
    await redis.aclose()
    chance = random.Random(1)  # noqa: S311 (where people stand is no secret)
    begin = datetime(2024, 5, 17, 18, 0, tzinfo=UTC)
    make: Any = MatchingService
    where = "by the great circle"
    if plan.streets:
        name, street_map = read_city_map()
        make = partial(StreetService, street_map)
        where = f"on the streets of {name}, {street_map.places:,} places"
    async with service_on(database_url, stores.redis_url, begin, POLICIES["own"], make) as service:
        draw = service.streets.draw_points if isinstance(service, StreetService) else draw_points
        riders, drivers, dropoffs = (draw(count, chance) for count in (plan.riders, plan.drivers, plan.riders))
        await put_riders(service, riders, dropoffs, chance)
        await put_drivers(service, drivers)
        say(f"{plan.riders} riders wait, {plan.drivers} drivers are free {where}")
        watch = _Watch(service, riders)
        for _ in range(_WARM_UP):
            await watch.tick()
        for _ in range(plan.ticks):
            _, choice, times = await watch.tick()
            if not whole:
                found.small_ticks.append(times.total)
                continue
            found.ticks.append(times.total)
            found.cpu.append(times.cpu)
            found.draw.append(times.draw)
            found.choose.append(times.choose)
            found.reserve.append(times.reserve)
            found.greedy_passes += choice.greedy_passes
        if whole:
            found.holds = [await watch.longest_hold() for _ in range(_WATCHED)]
            await _judge(service, watch, found)


async def _judge(service: MatchingService, watch: "_Watch", found: Found) -> None:
    """What the choice costs, beside the greedy one and the best of all."""
    picture, choice, _ = await watch.tick()
    assignment = matching("domain.assignment")
    unserved = [assignment.unserved_seconds(each, each.pickup_eta_cap_seconds) for each in picture.seekers]
    found.cost = cost_of(picture, choice)
    greedy = assignment.choose_greedily(choice.weighed, picture.seekers)
    found.greedy_cost = assignment.total_seconds(choice.weighed, greedy, unserved)
    travel = service.city.travel
    of_all = service.streets.all_seconds if isinstance(service, StreetService) else partial(all_seconds, travel)
    found.least_cost = dense_least_cost(picture, of_all)


@dataclass(frozen=True)
class _Times:
    total: float
    cpu: float
    draw: float
    choose: float
    reserve: float


class _Watch:
    """The parts of the service's own tick, timed one by one; the offers are left out."""

    def __init__(self, service: MatchingService, pickups: Sequence[Any]) -> None:
        shard_of = matching("adapters.shard_cells").shard_of
        self._service = service
        self._fences = dict.fromkeys(map(shard_of, pickups), 0)
        self._claim = matching("use_cases.dispatch_ports").Claim

    async def tick(self) -> tuple[Any, Any, _Times]:
        """One tick; what it saw, chose and took."""
        with collector_paused():  # as the service's worker does
            return await self._timed()

    async def longest_hold(self) -> float:
        """Milliseconds of one more tick for which the event loop was kept from others."""
        with collector_paused():
            async with _Holds() as holds:
                await self._timed()
        return 1_000 * holds.longest

    async def _timed(self) -> tuple[Any, Any, _Times]:
        tick = self._service.tick
        cpu, begun = time.process_time(), time.perf_counter()
        picture = await tick.draw(self._fences.keys())
        drawn = time.perf_counter()
        choice = await tick.choose(picture)
        chosen = time.perf_counter()
        claims = [
            self._claim(picture.drivers[pair.driver], picture.seekers[pair.seeker].shard, 0)
            for pair in choice.moves.offers
        ]
        gained = await tick.reservations.reserve(claims, 10.0)
        done = time.perf_counter()
        cpu = time.process_time() - cpu
        await tick.reservations.release(claims)
        if len(gained) != len(claims):
            raise RuntimeError("a driver was reserved by somebody else")
        return (
            picture,
            choice,
            _Times(
                1_000 * (done - begun),
                1_000 * cpu,
                1_000 * (drawn - begun),
                1_000 * (chosen - drawn),
                1_000 * (done - chosen),
            ),
        )


class _Holds:
    """Sees how long the event loop is kept from others: it asks for a turn each millisecond."""

    _EVERY = 0.001

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> "_Holds":
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _watch(self) -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(self._EVERY)
            self.longest = max(self.longest, time.perf_counter() - asked - self._EVERY)
