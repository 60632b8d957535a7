"""Running rounds: several lanes beside each other, until there are enough or something wrong is found."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.races.ground import Lane, Race, WrongError
from tests.races.invariants import unsettled, wrongly_captured


@dataclass
class Outcome:
    """What came of the rounds of a race."""

    rounds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])


async def run(lanes: Sequence[Lane], race: Race, rounds: int, most_violations: int = 5) -> Outcome:
    """Run so many rounds of a race; stops early when there are more violations than anybody reads."""
    found = Outcome()

    async def run_lane(lane: Lane) -> None:
        while found.rounds < rounds and len(found.violations) < most_violations:
            found.rounds += 1
            try:
                await lane.begin()
                found.outcomes[await race(lane)] += 1
                await lane.judge()
                await lane.finish()
            except WrongError as wrong:
                found.violations.append(str(wrong))
                # Whatever stands there now must not be found again: others take over in the lane.
                lane.drivers = []

    await asyncio.gather(*map(run_lane, lanes))
    return found


async def settle(lanes: Sequence[Lane]) -> int:
    """Let the saga come to rest; return how many rides ended without the end of their payment, or with a wrong one."""
    latest = max(lanes, key=lambda lane: lane.clock.now())
    for _ in range(3):
        # What another replica had leased, or was to ask for again, is due a while later.
        latest.clock.advance(120)
        await latest.one.settle()
        await latest.one.edits(1_000)
    ground = latest.ground
    return await unsettled(ground.databases[0]) + await wrongly_captured(ground.databases[0], ground.payments)
