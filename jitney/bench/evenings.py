"""What riders of real evenings wait, with this service's dispatch beside greedy dispatch and plain batches.

San Francisco's recorded taxi trips from 18 to 21 h go through the service's own use cases, on a real PostgreSQL and
Redis under a clock that the replay moves: each rider asks, is matched, picked up and driven as long as recorded. All
policies see the same riders and the same cars. Greedy dispatch decides nothing that a service is needed for and runs in
memory, where no time passes from the request to the car's start.

    greedy   each rider, in the order of arrival, gets the nearest free car at once; who finds none waits, and a
             car that becomes free takes the nearest of those who wait
    batch    the service's ticks every five seconds, without swaps and without a cap on pickup time
    own      the service's ticks with the packaged city's policy; its database keeps the evenings before, from which it
             learns where drivers wait long, as it would in production

In memory there are no stores and nothing that needs them (see `evening_in_memory`): for trying policies on.
"""

import asyncio
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from jitney.bench.evening_demand import Evening, read_evening, read_pooled_evening
from jitney.bench.evening_outcome import Outcome
from jitney.bench.evening_service import POLICIES, Policy
from jitney.bench.result import Detail, Promise, Result
from jitney.bench.stores_alone import Stores, stores_alone
from jitney.distribution import gini, percentile
from jitney.stack.problems import StackError

PEER, OURS = "greedy", "own"
MOST_MEAN, MOST_P95 = 0.66, 0.56
LEAST_DONE = 0.97
MOST_SWAPS, MOST_SWAPS_OF_ONE = 1.0, 2.0
MOST_GINI = 0.12
CITY_FLEET, CITY_TRIPS_PER_SECOND = 5_200, 7.3
CITY_MEAN_SECONDS, CITY_LEAST_DONE = 115.0, 0.99


@dataclass(frozen=True)
class Plan:
    """What is replayed: days (2008-05-17 and so on), policies, how long each evening is, and by which city's rules."""

    days: Sequence[str]
    policies: Sequence[str]
    minutes: float
    city_scale: bool = False
    in_memory: bool = False
    city_file: Path | None = None
    """None: the packaged city."""


@dataclass
class Figures:
    """What one policy did in some evenings, all rides together."""

    asked: int = 0
    waits: list[float] = field(default_factory=list[float])
    swaps: list[int] = field(default_factory=list[int])
    ginis: list[float] = field(default_factory=list[float])
    empty_seconds: float = 0.0
    double_assignments: int = 0
    tick_seconds: list[float] = field(default_factory=list[float])
    greedy_passes: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count an evening."""
        self.asked += outcome.asked
        self.waits += outcome.waits
        self.swaps += outcome.swaps
        self.ginis.append(gini(outcome.earned_minor))
        self.empty_seconds += outcome.empty_seconds
        self.double_assignments += outcome.double_assignments
        self.tick_seconds += outcome.tick_seconds
        self.greedy_passes += outcome.greedy_passes

    @property
    def mean_seconds(self) -> float:
        """From the request to the pickup."""
        return statistics.fmean(self.waits)

    @property
    def p95_seconds(self) -> float:
        """95 of 100 waited no longer."""
        return percentile(self.waits, 0.95)

    @property
    def done(self) -> float:
        """The share of the riders who were picked up."""
        return len(self.waits) / self.asked

    @property
    def gini(self) -> float:
        """Of what drivers earned in the time they were out; all were out as long. The mean of the evenings."""
        return statistics.fmean(self.ginis)

    def line(self) -> str:
        """For people's eyes while it goes on."""
        return (
            f"mean {self.mean_seconds:4.0f} s  p95 {self.p95_seconds:4.0f} s  done {self.done:6.2%}  "
            f"swaps {statistics.fmean(self.swaps):.2f}, most {max(self.swaps)}  Gini {self.gini:.3f}"
        )


def measure_evenings(plan: Plan, say: Callable[[str], None]) -> Result:
    """Replays each evening with each policy, one after another."""
    _check(plan)
    found = {name: Figures() for name in plan.policies}
    tick_millis: dict[int, float] = {}
    with nullcontext() if plan.in_memory else stores_alone() as stores:
        play = _players(plan, stores)
        for evening in _evenings(plan):
            for name in plan.policies:
                outcome = play[name](evening)
                one = Figures()
                one.add(outcome)
                found[name].add(outcome)
                say(f"{evening.name}  {name:6}  {outcome.asked:5} rides  {outcome.cars:4} cars  {one.line()}")
                if name == OURS and outcome.tick_seconds:
                    tick_millis[outcome.cars] = 1_000 * statistics.fmean(outcome.tick_seconds)
    for name, figures in found.items():
        say(f"all         {name:6}  {figures.asked:5} rides              {figures.line()}")
    return result_of(found, tick_millis, city_scale=plan.city_scale, in_memory=plan.in_memory)


def _players(plan: Plan, stores: Stores | None) -> Mapping[str, Callable[[Evening], Outcome]]:
    """What replays an evening, by the name of the policy; without stores in memory."""
    policies = {name: replace(policy, city_file=plan.city_file) for name, policy in POLICIES.items()}
    players: dict[str, Callable[[Evening], Outcome]] = {}
    for name in plan.policies:
        if name == PEER:
            players[name] = partial(replay_greedy, policies[OURS])
        elif stores is None:
            players[name] = partial(replay_in_memory, policies[name])
        else:
            players[name] = partial(replay, stores, stores.database("matching"), policies[name])
    return players


def replay_greedy(policy: Policy, evening: Evening) -> Outcome:
    """One evening with greedy dispatch, in memory."""
    from jitney.bench.evening_fares import earnings_minor
    from jitney.bench.evening_greedy import GreedyReplay

    return GreedyReplay(evening, earnings_minor(evening.begin, policy)).run()


def replay_in_memory(policy: Policy, evening: Evening) -> Outcome:
    """One evening with one policy of the service's ticks, in memory."""
    from jitney.bench.evening_fares import earnings_minor
    from jitney.bench.evening_in_memory import InMemoryReplay

    return asyncio.run(InMemoryReplay(evening, policy, earnings_minor(evening.begin, policy)).run())


def replay(stores: Stores, database_url: str, policy: Policy, evening: Evening) -> Outcome:
    """One evening with one policy, on the database of that policy and a Redis without a past."""
    from chassis.redis_client import open_redis
    from jitney.bench.evening_replay import Replay
    from jitney.bench.evening_service import service_on

    async def run() -> Outcome:
        redis = open_redis(stores.redis_url)
        await redis.flushall()
        await redis.aclose()
        async with service_on(database_url, stores.redis_url, evening.begin, policy) as service:
            return await Replay(service, evening).run()

    return asyncio.run(run())


def result_of(
    found: dict[str, Figures], tick_millis: dict[int, float], *, city_scale: bool, in_memory: bool = False
) -> Result:
    """Our mean wait, and all that is promised at once."""
    ours = found[OURS]
    peer = found.get(PEER, ours)
    details = [
        Detail(f"{name}: {what}", value, unit)
        for name, figures in found.items()
        for what, value, unit in (
            ("mean wait", figures.mean_seconds, "s"),
            ("half within", percentile(figures.waits, 0.5), "s"),
            ("95 of 100 within", figures.p95_seconds, "s"),
            ("driven empty a ride", figures.empty_seconds / len(figures.waits), "s"),
            ("completed", 100 * figures.done, "%"),
            ("Gini of earnings", figures.gini, ""),
        )
    ]
    # How the cost grows: the evenings differ in size.
    sizes = sorted({min(tick_millis), max(tick_millis)}) if tick_millis else []
    details += [Detail(f"a tick with {cars} cars", tick_millis[cars], "ms") for cars in sizes]
    details.append(Detail("passes that were greedy for want of time", ours.greedy_passes, ""))
    details.append(Detail("load of the machine", os.getloadavg()[0], ""))
    if city_scale:
        target, also = CITY_MEAN_SECONDS, [Promise("completed", ours.done, least=CITY_LEAST_DONE)]
    else:
        target = MOST_MEAN * peer.mean_seconds
        also = [
            Promise("mean / greedy's", ours.mean_seconds / peer.mean_seconds, most=MOST_MEAN),
            Promise("p95 / greedy's", ours.p95_seconds / peer.p95_seconds, most=MOST_P95),
            Promise("completed", ours.done, least=LEAST_DONE),
            Promise("Gini", ours.gini, most=MOST_GINI),
        ]
    also += [
        Promise("swaps a ride", statistics.fmean(ours.swaps), most=MOST_SWAPS),
        Promise("swaps of one ride, at most", max(ours.swaps), most=MOST_SWAPS_OF_ONE),
    ]
    if not in_memory:
        # There is no database in memory that could have let one pass.
        also.append(Promise("double assignments", ours.double_assignments, most=0))
    return Result(
        name=("city-scale" if city_scale else "evenings") + (" in memory" if in_memory else ""),
        value=ours.mean_seconds,
        unit="s",
        limit=peer.mean_seconds,
        target=target,
        details=details,
        also=also,
    )


def _evenings(plan: Plan) -> Sequence[Evening]:
    if plan.city_scale:
        return [read_pooled_evening(plan.days, CITY_FLEET, CITY_TRIPS_PER_SECOND, minutes=plan.minutes)]
    return [read_evening(day, minutes=plan.minutes) for day in plan.days]


def _check(plan: Plan) -> None:
    unknown = [name for name in plan.policies if name not in (PEER, *POLICIES)]
    if unknown or OURS not in plan.policies:
        known = ", ".join((PEER, *POLICIES))
        raise StackError(f"Policies are {known}; {OURS} is what is measured and belongs to them.")
