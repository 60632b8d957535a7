"""`python -m tests.races --rounds 1000`: rounds, outcomes and violations of each race. Exit code 1: a violation.

--only NAME     one race (may be given several times)
--seed 7        chance
--lanes 6       rounds that run beside each other
--variants      the broken variants instead, each until its race notices it
--reservations 1000000  instead: so many contested reservations, and a tenth of them while Redis is flushed
--take-overs 3  instead: seconds until another matcher makes offers where one was killed, stopped, told to leave
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from statistics import fmean

from tests.fakes.matching_dispatch import NOON
from tests.integration.embedded import embedded_postgres, embedded_redis
from tests.races.ground import Ground, Lane, ground
from tests.races.reservations import DRIVERS, MATCHERS, contest, prepare
from tests.races.run import Outcome, run, settle
from tests.races.scenes import RACES
from tests.races.takeover import measure
from tests.races.variants import VARIANTS

PROMISED_SECONDS = 8.0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _tell(name: str, found: Outcome, seconds: float) -> None:
    _say(f"{name}: {found.rounds} rounds, {len(found.violations)} violations, {seconds:.0f} s")
    for outcome, count in found.outcomes.most_common():
        _say(f"  {count:6d}  {outcome}")
    for violation in found.violations:
        _say(f"  VIOLATION  {violation}")


async def _races(names: Sequence[str], rounds: int, lanes: Sequence[Lane]) -> bool:
    violations = total = 0
    for name in names:
        began = time.monotonic()
        found = await run(lanes, RACES[name], rounds)
        violations += len(found.violations)
        total += found.rounds
        _tell(name, found, time.monotonic() - began)
    left = await settle(lanes)
    summary = await lanes[0].one.read.summary(NOON.replace(year=2000))
    _say(
        f"all: {total} rounds of {len(names)} races, {violations} violations, {summary.double_assignment_count} double "
        f"assignments, {sum(summary.count_by_state.values())} rides, {left} of them unsettled after the saga's rest"
    )
    return violations + left + summary.double_assignment_count == 0


async def _variants(made: Ground, rounds: int, lanes: Sequence[Lane]) -> bool:
    caught = 0
    for name, variant in VARIANTS.items():
        async with variant.broken(made):
            found = await run(lanes, RACES[variant.race], rounds, most_violations=1)
        caught += bool(found.violations)
        what = found.violations[0][:160] if found.violations else "NOT noticed"
        _say(f"{name}: {variant.race} after {found.rounds} rounds: {what}")
    return caught == len(VARIANTS)


async def _main(chosen: argparse.Namespace, postgres_url: str, redis_url: str) -> bool:
    async with ground(postgres_url, redis_url, chosen.seed) as made:
        lanes = [Lane(made, number) for number in range(chosen.lanes)]
        if chosen.variants:
            return await _variants(made, chosen.rounds, lanes)
        return await _races(chosen.only or list(RACES), chosen.rounds, lanes)


def _reservations(contested: int, postgres_url: str, redis_url: str) -> bool:
    asyncio.run(prepare(postgres_url))
    rounds = -(-contested // (DRIVERS * MATCHERS))
    well = True
    for numbers, flushed in ((range(rounds), False), (range(rounds, rounds + max(1, rounds // 10)), True)):
        began = time.monotonic()
        found = contest(postgres_url, redis_url, numbers, flushed=flushed)
        _say(
            f"{'Redis flushed all the while' if flushed else 'Redis kept its memory'}: {found.contested} contested "
            f"reservations of {found.drivers} drivers by {MATCHERS} matchers, {found.won} won, {found.doubly_reserved} "
            f"drivers reserved twice; {found.bound} assignments, {found.doubly_bound} double assignments; "
            f"{time.monotonic() - began:.0f} s"
        )
        well &= found.doubly_bound == 0 and found.bound == found.drivers
        well &= flushed or (found.won == found.drivers and found.doubly_reserved == 0)
    return well


async def _take_overs(rounds: int, seed: int) -> bool:
    measured = await measure(rounds, _say, seed)
    slowest = 0.0
    for kind, seconds in measured.seconds_by_kind.items():
        slowest = max(slowest, *seconds)
        _say(f"{kind}: {len(seconds)} shards, mean {fmean(seconds):.2f} s, slowest {max(seconds):.2f} s")
    _say(
        f"take-over: slowest {slowest:.2f} s (promised: {PROMISED_SECONDS:g} s), {measured.offers} offers, "
        f"{len(measured.doubles)} offered or bound twice"
    )
    for double in measured.doubles:
        _say(f"  VIOLATION  {double}")
    return slowest <= PROMISED_SECONDS and not measured.doubles


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races")
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--only", action="append", choices=list(RACES))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lanes", type=int, default=6)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--reservations", type=int, default=0)
    parser.add_argument("--take-overs", type=int, default=0)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    if chosen.take_overs:
        return 0 if asyncio.run(_take_overs(chosen.take_overs, chosen.seed)) else 1
    with embedded_postgres() as postgres, embedded_redis() as redis:
        if chosen.reservations:
            well = _reservations(chosen.reservations, postgres.migrated("matching"), redis.url(4))
            return 0 if well else 1
        well = asyncio.run(_main(chosen, postgres.migrated("matching"), redis.url(3)))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
