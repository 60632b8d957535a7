"""Ten times what a stack can carry, by REST and by gRPC, while a city rides in it.

First it is asked as fast as it answers, which tells what it can carry. Then half of that for a while, which tells what
is usual; then a multiple of it for a minute, in which trips ask as often as before; then half again, until it is as it
was. At the end the city goes home and every store is judged, as after an attack.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from chassis.auth import Role, TokenSigner
from jitney.chaos.check_messages import judge_messages
from jitney.chaos.check_money import judge_money
from jitney.chaos.check_rides import judge_rides
from jitney.chaos.ground import Ground
from jitney.chaos.hurried_city import write_hurried_city
from jitney.chaos.run import Verdict, settle
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.strain.city import addresses_of, riding_city, sign_in_others
from jitney.strain.http_flood import http_flood, saturate
from jitney.strain.kinds import TRIP, Flood, Kind, app_kinds
from jitney.strain.rpc_flood import rpc_flood, rpc_kinds
from jitney.strain.sampling import STORES, Sampling, look_at_processes, peaks
from jitney.strain.told import Told, together

RECOVERY_SECONDS = 60.0
TRIPS_ANSWERED = 0.99
MOST_GROWTH_MB = 100.0
_LOOSE_LIMITS = tuple(f"JITNEY_REST_{kind}_PER_MINUTE" for kind in ("READS", "WRITES"))
_RIDERS, _DRIVERS = 20, 10
_TRIPS_SHARE = 0.1
"""Of what can be carried: what trips ask, before and while there is too much."""
_WINDOW_SECONDS = 2.0
_TOKEN_SECONDS = 7_200
_SATURATING = 12
"""Who ask at a time to find what can be carried: as many as the edge works on."""
_REFUSALS = frozenset({"429", "503", "UNAVAILABLE", "RESOURCE_EXHAUSTED"})
_SLOWER = 3.0
"""So many times the usual 95th percentile, or half a second, is as it was."""
_SLOWER_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """How much.

    Args:
        times: of what can be carried.
        seconds: of it, by each protocol.
        usual_seconds: how long the phases before last.
        drivers: of the city.
        rides_per_second: that are asked for in the city.
        connections: over which the flood comes at most.
        protocols: rest, grpc.
    """

    times: float = 10.0
    seconds: float = 60.0
    usual_seconds: float = 10.0
    drivers: int = 15
    rides_per_second: float = 0.3
    connections: int = 400
    protocols: Sequence[str] = ("rest", "grpc")


@dataclass
class Straining:
    """One protocol's figures."""

    carried_per_second: float = 0.0
    offered_per_second: float = 0.0
    usual: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    too_much: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    good_per_second: float = 0.0
    recovered_after_seconds: float = -1.0
    memory_mb: dict[str, tuple[float, float, float]] = field(default_factory=dict[str, tuple[float, float, float]])
    """By process: before, the most while there was too much, after."""
    threads: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])


@dataclass
class Outcome:
    """What was seen; `violations` is empty where all is as promised."""

    protocols: dict[str, Straining] = field(default_factory=dict[str, Straining])
    city: dict[str, Any] = field(default_factory=dict[str, Any])
    restarts: dict[str, int] = field(default_factory=dict[str, int])
    violations: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def overload(plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Start a stack of its own, strain it, and judge.

    Raises:
        StackError: the stack did not start.
    """
    with own_stack() as stack:
        stack.environment["JITNEY_MATCHING_CITY_FILE"] = str(write_hurried_city(stack.data.path.parent))
        stack.environment.update(dict.fromkeys(_LOOSE_LIMITS, "1000000"))
        say(f"a stack is healthy after {stack.start():.1f} s")
        return asyncio.run(_strain(stack, plan, say))


async def _strain(stack: OwnStack, plan: Plan, say: Callable[[str], None]) -> Outcome:
    outcome = Outcome()
    addresses = addresses_of(stack)
    riders, drivers = await sign_in_others(addresses, _RIDERS, _DRIVERS)
    signer = TokenSigner.from_dir(stack.data.keys, "cli")
    tokens = {
        role: [signer.sign(account, role, _TOKEN_SECONDS) for account in accounts]
        for role, accounts in ((Role.RIDER, riders), (Role.DRIVER, drivers))
    }
    lasting = len(plan.protocols) * (plan.seconds + 3 * plan.usual_seconds + 20.0)
    async with httpx.AsyncClient(base_url=addresses.sandbox_url) as sandbox:
        ground = Ground(stack, sandbox)
        processes = [each.name for each in stack.record().processes if each.name not in STORES]
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:

            async def look() -> Mapping[str, float]:
                return await asyncio.to_thread(look_at_processes, ground, processes)

            sampling = Sampling(look, 1.0)
            looking = asyncio.create_task(sampling.run())
            async with riding_city(stack, ground.operator_token, plan.drivers, plan.rides_per_second, lasting) as city:
                for protocol in plan.protocols:
                    kinds = (app_kinds if protocol == "rest" else rpc_kinds)(tokens[Role.RIDER], tokens[Role.DRIVER])
                    host, _, port = stack.environment["JITNEY_REST_LISTEN"].rpartition(":")
                    target = addresses.matching_target
                    send = (http_flood, host, int(port)) if protocol == "rest" else (rpc_flood, target)
                    eager = (saturate, host, int(port)) if protocol == "rest" else (_eager_rpc, target)
                    stage = _Stage(elsewhere, send, eager, kinds, plan, sampling, say)
                    outcome.protocols[protocol] = await stage.run(protocol, outcome.violations)
                say("the city goes home")
            looking.cancel()
        outcome.city = asdict(city)
        if city.broken:
            outcome.violations.append(city.broken)
        if not city.completed:
            outcome.violations.append("no ride was completed: the run proves nothing")
        outcome.restarts = {each.name: each.restarts for each in stack.record().processes if each.restarts}
        outcome.violations += [f"{name} ended and was started again" for name in outcome.restarts]
        judged = Verdict(0, 0)
        if await settle(ground, addresses, judged, say):
            judged.violations += await judge_rides(ground) + await judge_money(ground) + await judge_messages(ground)
        outcome.violations += judged.violations
    return outcome


def _eager_rpc(target: str, flood: Flood) -> dict[str, Told]:
    return rpc_flood(target, flood, eager=True)


class _Stage:
    """One protocol's phases."""

    def __init__(
        self,
        elsewhere: ProcessPoolExecutor,
        send: tuple[Any, ...],
        eager: tuple[Any, ...],
        kinds: Sequence[Kind],
        plan: Plan,
        sampling: Sampling,
        say: Callable[[str], None],
    ) -> None:
        self._elsewhere, self._send, self._eager = elsewhere, send, eager
        self._kinds, self._plan, self._sampling, self._say = kinds, plan, sampling, say

    async def run(self, protocol: str, violations: list[str]) -> Straining:
        plan, found = self._plan, Straining()
        fast = await self._told(self._eager, Flood(self._kinds, 0.9, 0.1, plan.usual_seconds, _SATURATING))
        carried = found.carried_per_second = round(together(fast.values()).good / plan.usual_seconds, 1)
        trips = _TRIPS_SHARE * carried
        self._say(f"{protocol}: {carried:g} answers a second can be carried")

        since = self._sampling.now()
        usual = await self._told(self._send, self._flood(0.5 * carried - trips, trips, plan.usual_seconds))
        found.usual = {name: told.figures() for name, told in usual.items()}
        before = self._sampling.between(since, self._sampling.now())
        slow = max(_SLOWER * together(usual.values()).within(0.95), _SLOWER_SECONDS)

        self._say(f"{protocol}: {plan.times:g} times as much for {plan.seconds:g} s")
        since = self._sampling.now()
        flooded = await self._told(self._send, self._flood(plan.times * carried - trips, trips, plan.seconds))
        found.too_much = {name: told.figures() for name, told in flooded.items()}
        whole = together(flooded.values())
        found.offered_per_second = round((whole.offered - whole.unsent) / plan.seconds, 1)
        found.good_per_second = round(whole.good / plan.seconds, 1)
        during = self._sampling.between(since, self._sampling.now())
        violations += [f"{protocol}: {what}" for what in self._wrong_about(flooded)]

        found.recovered_after_seconds = await self._recovery(
            self._flood(0.5 * carried - trips, trips, _WINDOW_SECONDS), slow
        )
        if found.recovered_after_seconds < 0:
            violations.append(f"{protocol}: not as before within {RECOVERY_SECONDS:g} s")
        self._say(f"{protocol}: as before {found.recovered_after_seconds:g} s after it")
        since = self._sampling.now()
        await asyncio.sleep(plan.usual_seconds)
        after = self._sampling.between(since, self._sampling.now())
        low, high, late = (peaks(samples, "rss_mb") for samples in (before, during, after))
        found.memory_mb = {name: (low[name], high.get(name, 0.0), late.get(name, 0.0)) for name in low}
        low, high = (peaks(samples, "threads") for samples in (before, during))
        found.threads = {name: (low[name], high.get(name, 0.0)) for name in low}
        violations += [
            f"{protocol}: {name} grew from {least:g} to {most:g} MB"
            for name, (least, most, _) in found.memory_mb.items()
            if most - least > MOST_GROWTH_MB
        ]
        return found

    def _flood(self, per_second: float, trips: float, seconds: float) -> Flood:
        return Flood(self._kinds, per_second, trips, seconds, self._plan.connections)

    async def _told(self, how: tuple[Any, ...], flood: Flood) -> dict[str, Told]:
        send, *where = how
        return await asyncio.get_running_loop().run_in_executor(self._elsewhere, send, *where, flood)

    async def _recovery(self, usual: Flood, slow_seconds: float) -> float:
        """Ask half of what can be carried until it is answered as before.

        Returns the seconds until the end of the first window of two that was; -1 for never.
        """
        begun = self._sampling.now()
        while self._sampling.now() - begun <= RECOVERY_SECONDS:
            told = together((await self._told(self._send, usual)).values())
            passed = self._sampling.now() - begun
            if told.good == told.offered and told.within(0.95) <= slow_seconds:
                return round(passed, 1)
        return -1.0

    def _wrong_about(self, flooded: Mapping[str, Told]) -> list[str]:
        trips = together(flooded[kind.name] for kind in self._kinds if kind.urgency == TRIP)
        whole = together(flooded.values())
        wrong: list[str] = []
        if trips.good_share < TRIPS_ANSWERED:
            wrong.append(f"{trips.good} of {trips.offered} requests of trips were answered")
        if whole.rude:
            wrong.append(f"{whole.rude} refusals do not say when to ask again")
        wrong += [f"{count} answers were {code}" for code, count in whole.answered.items() if not _is_well(code)]
        if not any(whole.answered[code] for code in _REFUSALS):
            wrong.append("nothing was refused: that was not too much, and the run proves nothing")
        return wrong


def _is_well(code: str) -> bool:
    return code in _REFUSALS or code in ("OK", "NOT_FOUND", "404") or code.startswith("2")
