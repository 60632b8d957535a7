"""One run: a city that rides, a nemesis beside it, time to settle, and the judgement."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from redis.exceptions import RedisError

from jitney.chaos.check_messages import judge_messages, unfinished_messages
from jitney.chaos.check_money import judge_money, psp_intents, unfinished_money
from jitney.chaos.check_rides import judge_rides, unfinished_rides
from jitney.chaos.faults import Strike, draw_schedule
from jitney.chaos.ground import Ground
from jitney.chaos.hurried_city import write_hurried_city
from jitney.chaos.nemesis import Nemesis
from jitney.chaos.watch_offers import judge_offers, watch_offers, watched_offers
from jitney.chaos.watch_operations import resolved_seconds, watch_operations
from jitney.chaos.wires import CALLED, Wires, wires_of
from jitney.simulator.api import Api, ApiError, Unreachable
from jitney.simulator.behavior import Behavior
from jitney.simulator.demand import place_near_a_busy_one, trips_for_ever
from jitney.simulator.run import Addresses, simulate
from jitney.simulator.run import Plan as CityPlan
from jitney.simulator.spread import open_client
from jitney.simulator.watcher import Watcher
from jitney.stack.environment import StackSettings
from jitney.stack.own_stack import OwnStack, own_stack
from shared_kernel.ids import to_public_id

SPEED = 30.0
_WHOLE_SECONDS = 90.0
_SETTLE_SECONDS = 120.0
_LOOK_SECONDS = 1.0
_STARTING_PLACES = 200
_FICKLE = Behavior(
    decline_share=0.05,
    ignore_share=0.02,
    driver_cancel_share=0.05,
    rider_cancel_share=0.1,
    rest_share=0.05,
    no_show_share=0.03,
    pool_share=0.05,
    delivery_share=0.05,
    patience_seconds=900.0,
)
"""People change their minds more often than in life, so that all ways a ride can end are gone."""


@dataclass(frozen=True)
class Plan:
    """What is run.

    Args:
        seed: of chance: the same people, and the same harm at the same times.
        minutes: of harm, by the clock on the wall.
        drivers: on shift.
        rides_per_second: that are asked for, by the clock on the wall.
        only: the kinds of faults; all without it.
        strikes: what is struck, instead of what the seed draws.
        replicas: how many there are of each service and of the edge.
        heals: whether no request may stay without an answer for longer than the clients' retry lasts.
    """

    seed: int
    minutes: float
    drivers: int
    rides_per_second: float
    only: Sequence[str] = ()
    strikes: Sequence[Strike] | None = None
    heals: bool = False
    replicas: int = 1


@dataclass
class Verdict:
    """What was done and found; `violations` is empty where nothing was lost."""

    seed: int
    minutes: float
    struck: dict[str, int] = field(default_factory=dict[str, int])
    missed: dict[str, int] = field(default_factory=dict[str, int])
    rides: dict[str, int] = field(default_factory=dict[str, int])
    asked: int = 0
    completed: int = 0
    cancels: dict[str, int] = field(default_factory=dict[str, int])
    """Rides that came to nothing, and drivers who were lost on the way to a pickup, by their cause."""
    ended_by_operator: int = 0
    unhealed: int = 0
    """Requests that the clients' retry did not heal."""
    troubles: dict[str, int] = field(default_factory=dict[str, int])
    restarts: dict[str, int] = field(default_factory=dict[str, int])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    settled_after_seconds: float = 0.0
    unknown_seconds: list[float] = field(default_factory=list[float])
    """How long each outcome at the PSP that was unknown was so."""
    violations: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def attack(
    plan: Plan,
    say: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
    sql: Sequence[tuple[str, str]] = (),
) -> Verdict:
    """Start a stack, attack it, and judge what is left.

    Args:
        plan: what is run.
        say: tells one plain line.
        environment: further settings of the stack.
        sql: statements that change a service's database first, each behind the service's name.

    Raises:
        StackError: the stack did not start.
    """
    # Replicas are spread over by who calls them: a wire would lead to one of them alone.
    called = CALLED if plan.replicas == 1 else ()
    with own_stack("--matchers", "2", replicas=plan.replicas) as stack, wires_of(stack, called) as wires:
        stack.environment["JITNEY_MATCHING_CITY_FILE"] = str(write_hurried_city(stack.data.path.parent))
        stack.environment.update(environment or {})
        try:
            say(f"a stack is healthy after {stack.start():.1f} s")
            return asyncio.run(_attack(stack, wires, plan, say, sql))
        finally:
            # Before the wires go, over which it would go on to connect.
            stack.stop()


async def _attack(
    stack: OwnStack, wires: Wires, plan: Plan, say: Callable[[str], None], sql: Sequence[tuple[str, str]]
) -> Verdict:
    settings = StackSettings.read(stack.environment, stack.data.path)
    addresses = Addresses(
        settings.urls("REST"),
        settings.urls("STREAM"),
        settings.target("matching"),
        f"http://{settings.addresses['JITNEY_SANDBOX_LISTEN'].local}",
        settings.target("notification"),
    )
    verdict = Verdict(plan.seed, plan.minutes)
    async with httpx.AsyncClient(base_url=addresses.sandbox_url) as sandbox:
        ground = Ground(stack, sandbox)
        nemesis = Nemesis(ground, wires, say)
        await watch_offers(ground)
        await watch_operations(ground)
        for service, statement in sql:
            async with ground.database(service) as connection:
                await connection.execute(statement)
        strikes = plan.strikes
        if strikes is None:
            strikes = draw_schedule(plan.seed, 60 * plan.minutes, plan.only)
        await _ride_under_fire(plan, addresses, ground, nemesis, strikes, verdict, say)
        verdict.struck, verdict.missed = dict(nemesis.struck), dict(nemesis.missed)
        verdict.restarts = {each.name: each.restarts for each in stack.record().processes if each.restarts}
        if strikes and not verdict.struck:
            verdict.violations.append("nothing was struck: the run proves nothing")
        if not await settle(ground, addresses, verdict, say):
            return verdict
        verdict.violations += await judge_rides(ground) + await judge_offers(ground)
        verdict.violations += await judge_money(ground)
        verdict.violations += await judge_messages(ground)
        await _count(ground, verdict)
        verdict.counts |= {f"pieces on the wire to {name}": count for name, count in wires.passed().items()}
        verdict.violations += [
            f"nothing went over the wire to {name}" for name, count in wires.passed().items() if not count
        ]
        if not verdict.rides.get("completed"):
            verdict.violations.append("no ride was completed: the run proves nothing")
    return verdict


async def _ride_under_fire(
    plan: Plan,
    addresses: Addresses,
    ground: Ground,
    nemesis: Nemesis,
    strikes: Sequence[Strike],
    verdict: Verdict,
    say: Callable[[str], None],
) -> None:
    chance = random.Random(plan.seed)  # noqa: S311 (a simulation wants to be repeatable)
    per_minute = 60 * plan.rides_per_second / SPEED
    places = [place_near_a_busy_one(chance) for _ in range(_STARTING_PLACES)]
    city = CityPlan(
        trips_for_ever(chance, per_minute), places, plan.drivers, SPEED, SPEED * plan.minutes, plan.seed % 1_000
    )
    watcher = Watcher()
    riding = asyncio.create_task(simulate(city, addresses, ground.operator_token, watcher, _FICKLE))
    begun = asyncio.create_task(watcher.began.wait())
    await asyncio.wait((riding, begun), return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    if not riding.done():
        say(f"{plan.drivers} drivers are on shift; {len(strikes)} strikes to come")
        await nemesis.run(strikes)
    try:
        report = await riding
        verdict.asked, verdict.completed, verdict.cancels = report.requested, report.completed, report.cancels
    except (ApiError, Unreachable) as error:
        verdict.violations.append(f"the city could not go on or tell its end: {error}")
    if watcher.world is not None:
        verdict.troubles = dict(watcher.world.tally.troubles.most_common(20))
        verdict.unhealed = watcher.world.api.transport.unhealed_count
    if plan.heals and verdict.unhealed:
        verdict.violations.append(f"{verdict.unhealed} requests were not healed by the clients' retry")


async def settle(ground: Ground, addresses: Addresses, verdict: Verdict, say: Callable[[str], None]) -> bool:
    """Wait until all is whole and quiet; what is not by then is a violation. False where not even the processes are
    well, and there is nobody to judge."""
    begun = time.monotonic()
    while not ground.is_whole():
        if time.monotonic() - begun > _WHOLE_SECONDS:
            verdict.violations += [f"not well again: {what}" for what in ground.unwell()]
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    verdict.ended_by_operator = await _end_what_people_left(ground, addresses)
    left: list[str] = ["nobody has looked yet"]
    while left and time.monotonic() - begun <= _SETTLE_SECONDS:
        with contextlib.suppress(OSError, RedisError, asyncpg.PostgresError, httpx.HTTPError):
            left = [
                *await unfinished_rides(ground),
                *await unfinished_money(ground),
                *await unfinished_messages(ground),
            ]
        if left:
            await asyncio.sleep(_LOOK_SECONDS)
    verdict.settled_after_seconds = round(time.monotonic() - begun, 1)
    say(f"quiet after {verdict.settled_after_seconds} s" if not left else f"not quiet: {len(left)} things are left")
    verdict.violations += [f"not finished: {what}" for what in left]
    return True


async def _end_what_people_left(ground: Ground, addresses: Addresses) -> int:
    """Cancel, as an operator, the rides that are still live after everybody went home."""
    live = await ground.rows(
        "matching",
        "SELECT id::text FROM ride WHERE state IN (SELECT from_state FROM legal_ride_move) ORDER BY id",
    )
    ended = 0
    async with open_client(addresses.rest_url, httpx.Limits(), 15.0) as rest:
        operator = Api(rest, random.Random(0)).as_bearer(ground.operator_token())  # noqa: S311 (jitter is no secret)
        for row in live:
            try:
                await operator.force_cancel_ride(
                    to_public_id("ride", UUID(row["id"])), {"reason": "left by its people"}
                )
                ended += 1
            except ApiError as error:
                # It came to its end meanwhile.
                if error.status != 409:
                    raise
    return ended


async def _count(ground: Ground, verdict: Verdict) -> None:
    verdict.rides = {
        str(row["state"]): int(row["count"])
        for row in await ground.rows("matching", "SELECT state, count(*) FROM ride GROUP BY state ORDER BY 2 DESC")
    }
    verdict.unknown_seconds = await resolved_seconds(ground)
    intents = await psp_intents(ground)
    deliveries = await ground.rows("notification", "SELECT state, count(*) FROM delivery GROUP BY state")
    verdict.counts = {
        "moves of rides": await ground.count("matching", "SELECT count(*) FROM ride_transition"),
        "offers": await ground.count("matching", "SELECT count(*) FROM offer"),
        "offers watched": await watched_offers(ground),
        "postings": await ground.count("payment", "SELECT count(*) FROM posting"),
        "charges at the PSP": len(intents),
        "events": sum(
            [await ground.count(service, "SELECT count(*) FROM outbox") for service in ("matching", "payment")]
        ),
        **{f"deliveries {row['state']}": int(row["count"]) for row in deliveries},
    }


def add_up(verdicts: Sequence[Verdict]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Add up what was struck, how rides ended, and what was counted."""
    struck, rides, counts = Counter[str](), Counter[str](), Counter[str]()
    for verdict in verdicts:
        struck.update(verdict.struck)
        rides.update(verdict.rides)
        counts.update(verdict.counts)
    return struck, rides, counts
