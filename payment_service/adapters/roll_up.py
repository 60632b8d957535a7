"""Keeps the queue of the platform's balances short, so that reading one stays cheap."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from chassis.database import Database

BATCH_DELTAS = 10_000


async def roll_up_balances(database: Database) -> int:
    """Add one batch of the queue to the balances; return how many changes that were, zero if another one is at it."""
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.roll_up_balances(BATCH_DELTAS))) or 0)


async def roll_up_forever(database: Database, period_seconds: float) -> None:
    """Roll up now and then; a worker, run by every replica."""
    while True:
        while await roll_up_balances(database) >= BATCH_DELTAS:
            pass
        await asyncio.sleep(period_seconds)
