"""What runs beside the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from payment_service.use_cases.sweep_operations import BATCH_OPERATIONS, SweepOperations


async def sweep_forever(sweep: SweepOperations, period_seconds: float) -> None:
    """Settle operations whose time has come, without a pause while there are full batches of them."""
    while True:
        if await sweep() < BATCH_OPERATIONS:
            await asyncio.sleep(period_seconds)


async def repeat_forever(step: Callable[[], Awaitable[bool]], period_seconds: float) -> None:
    """Take a step again and again: at once while it tells that there may be more to do, then after a pause."""
    while True:
        if not await step():
            await asyncio.sleep(period_seconds)
