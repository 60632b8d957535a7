"""How long shards are without a matcher when theirs is killed, stopped for a while, or told to leave."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared_kernel.clock import SystemClock
from shared_kernel.errors import DomainError
from tests.fakes.matching_stage import Stage
from tests.races.town import Matcher, Town, town

_AWHILE_SECONDS = 8.0
"""That a stopped matcher is away: longer than any take-over may take."""


@dataclass
class TakeOvers:
    """What was measured, in seconds from the signal to the first offer of another matcher, one figure a shard."""

    seconds_by_kind: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    doubles: list[str] = field(default_factory=list[str])
    offers: int = 0


async def measure(rounds: int, say: Callable[[str], None], seed: int = 7) -> TakeOvers:
    """Do each of it so many times, with rides asked for all the time in every shard."""
    measured, chance = TakeOvers(), random.Random(seed)
    async with town() as made:
        await made.add_drivers(7 * 4)
        await made.report_locations()
        asking = asyncio.create_task(ask_for_rides(made))
        try:
            stays = made.start_matcher()
            for number in range(rounds):
                for kind, number_of in (
                    ("killed", signal.SIGKILL),
                    ("stopped", signal.SIGSTOP),
                    ("told to leave", signal.SIGTERM),
                ):
                    other = made.start_matcher()
                    await made.all_shards_are_owned_by([stays, other])
                    # At any moment between two beats.
                    await asyncio.sleep(chance.uniform(0, 1))
                    seconds = await _replace(made, other, number_of)
                    measured.seconds_by_kind.setdefault(kind, []).extend(seconds.values())
                    say(
                        f"round {number + 1}, {kind}: {len(seconds)} shards, first offer by the other after "
                        f"{min(seconds.values()):.2f} to {max(seconds.values()):.2f} s"
                    )
                    made.end(other)
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
        measured.doubles = await made.doubles()
        measured.offers = await made.count("SELECT count(*) FROM offer")
    return measured


async def _replace(made: Town, leaving: Matcher, how: signal.Signals) -> dict[str, float]:
    shards = await made.shards_of(leaving)
    began = SystemClock().now()
    leaving.send(how)
    first: dict[str, datetime] = {}
    if how is signal.SIGSTOP:
        await made.until(lambda: _taken(made, leaving, shards), "another matcher takes over from one that is stopped")
        taken_at = SystemClock().now()
    else:
        await asyncio.to_thread(leaving.process.wait)
        taken_at = began

    async def all_have_offers() -> bool:
        first.update({shard: at for shard, at in (await made.first_offers(taken_at)).items() if shard in shards})
        return first.keys() == shards

    await made.until(all_have_offers, f"offers in {shards}")
    if how is signal.SIGSTOP:
        await asyncio.sleep(max(0.0, _AWHILE_SECONDS - (SystemClock().now() - began).total_seconds()))
        leaving.send(signal.SIGCONT)
        await made.until(lambda: _has_some(made, leaving), "a matcher that was stopped gets shards again")
    return {shard: (at - began).total_seconds() for shard, at in first.items()}


async def _taken(made: Town, leaving: Matcher, shards: set[str]) -> bool:
    owners = await made.owners()
    return all(owners.get(shard) not in (None, str(leaving.pid)) for shard in shards)


async def _has_some(made: Town, matcher: Matcher) -> bool:
    return bool(await made.shards_of(matcher))


async def ask_for_rides(made: Town) -> None:
    """One more ride in each shard about twice a second, each driven to its end once a driver has it; never stops."""
    while True:
        for shard in made.shards:
            await made.ride(shard)
        for driver_id in list(made.drivers):
            # A driver may lose the ride to a nearer one, or the matcher of the moment be faster: then not this time.
            with contextlib.suppress(DomainError):
                await _drive(made.stage, driver_id)
        await asyncio.sleep(0.3)


async def _drive(stage: Stage, driver_id: UUID) -> None:
    offer = await stage.reader.open_offer(driver_id)
    if offer is not None:
        await stage.accept(stage.key(), driver_id, offer.id)
    ride = await stage.reader.live_ride(driver_id=driver_id)
    if ride is not None:
        await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "")
