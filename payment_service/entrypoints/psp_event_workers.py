"""What applies the PSP's events beside the server, and asks for what no event told."""

from __future__ import annotations

import asyncio

from chassis.runtime import Wakeup
from payment_service.use_cases.apply_psp_events import BATCH_EVENTS, ApplyPspEvents
from payment_service.use_cases.sweep_psp_objects import BATCH, SweepPspObjects


async def apply_psp_events_forever(apply: ApplyPspEvents, wakeup: Wakeup, poll_seconds: float) -> None:
    """Apply the PSP's events as they come, without a pause while there are full batches of them."""
    while True:
        if await apply() < BATCH_EVENTS:
            await wakeup.wait(poll_seconds)


async def look_forever(sweep: SweepPspObjects, period_seconds: float) -> None:
    """Ask the PSP for what no event told, batch by batch, one round a period."""
    while True:
        for look in (sweep.holds, sweep.refunds, sweep.disputes):
            while await look() == BATCH:
                pass
        await sweep.listed_disputes()
        await asyncio.sleep(period_seconds)
