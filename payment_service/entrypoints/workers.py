"""What runs beside the server."""

from __future__ import annotations

import asyncio

from payment_service.use_cases.sweep_operations import BATCH_OPERATIONS, SweepOperations


async def sweep_forever(sweep: SweepOperations, period_seconds: float) -> None:
    """Settle operations whose time has come, without a pause while there are full batches of them."""
    while True:
        if await sweep() < BATCH_OPERATIONS:
            await asyncio.sleep(period_seconds)
