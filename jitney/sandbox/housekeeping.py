"""What happens by itself as time goes by: holds expire, and what the providers do not keep is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3

from jitney.sandbox import sms
from jitney.sandbox.psp import events, idempotency
from jitney.sandbox.psp.settlement import expire_holds
from jitney.sandbox.world import World

_PAUSE_SECONDS = 30.0
_BATCH = 200


async def expire_all(world: World) -> None:
    """Release every hold whose time has come, a batch a transaction."""

    def expire(connection: sqlite3.Connection) -> int:
        return expire_holds(world.call(connection, world.now()), _BATCH)

    while await world.store.run(expire) == _BATCH:
        pass
    world.deliveries.wake()


async def keep_house(world: World) -> None:
    """Do what is due now and then, until cancelled."""

    def forget(connection: sqlite3.Connection) -> None:
        now = world.now()
        idempotency.forget_old(connection, now, _BATCH * 10)
        events.forget_old(connection, now, _BATCH * 10)
        sms.forget_old(connection, now, _BATCH * 10)

    while True:
        await expire_all(world)
        await world.store.run(forget)
        await asyncio.sleep(_PAUSE_SECONDS)
