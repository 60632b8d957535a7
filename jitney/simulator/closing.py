"""What is asked once people have ridden: are all payments settled, and what did an hour of driving bring?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from jitney.simulator.driver import Driver
from jitney.simulator.invariants import rides_since
from jitney.simulator.world import World
from jitney_client import Client

_SETTLE_WALL_SECONDS = 60.0
_SETTLED = frozenset({"captured", "voided", "hold_declined"})
_STATEMENTS_AT_ONCE = 8


async def unsettled_payments(world: World, operator_token: Callable[[], str], since: datetime) -> int:
    """Wait for the payments of ended rides to settle; return how many had not after a minute."""
    deadline = time.monotonic() + _SETTLE_WALL_SECONDS
    while True:
        unsettled = await _count_unsettled(world.api.as_bearer(operator_token()), since)
        if not unsettled or time.monotonic() >= deadline:
            return unsettled
        await asyncio.sleep(1.0)


async def _count_unsettled(operator: Client, since: datetime) -> int:
    unsettled = 0
    async for ride in rides_since(operator, since):
        unsettled += ride["ended_at"] is not None and ride["payment_state"] not in _SETTLED
    return unsettled


async def earned_an_hour(drivers: Sequence[Driver], currency_codes: Iterable[str], since: datetime) -> list[float]:
    """Ask all drivers who were on shift what an hour of it brought: simulated hours, minor units of one currency.

    A city sells in one currency; where nothing was sold, nobody is asked. Raises ApiError or Unreachable.
    """
    currency_code = next(iter(currency_codes), None)
    gate = asyncio.Semaphore(_STATEMENTS_AT_ONCE)

    async def ask(driver: Driver, currency_code: str) -> float:
        async with gate:
            return await driver.earned_minor(currency_code, since) * 3_600 / driver.logbook.shift_seconds

    if currency_code is None:
        return []
    return await asyncio.gather(*(ask(each, currency_code) for each in drivers if each.logbook.shift_seconds))
