"""What happens by itself as time goes by: what was scheduled, and what the providers do not keep is forgotten."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from jitney.sandbox import posts, tasks
from jitney.sandbox.psp import events, idempotency
from jitney.sandbox.psp.chores import CHORES
from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.sms import SmsProvider
from jitney.sandbox.voice import VoiceProvider
from jitney.sandbox.world import World

_PAUSE_SECONDS = 30.0
_BATCH = 200

_log = logging.getLogger(__name__)


async def do_what_is_due(world: World) -> None:
    """Do everything whose time has come, in the order of time, so many a transaction.

    Each is done at the time it was due, so that what follows from it is in time too when the clock has jumped.
    """

    def work(connection: sqlite3.Connection) -> bool:
        for _ in range(_BATCH):
            task = tasks.take_due(connection, world.clock.now().timestamp())
            if task is None:
                return False
            connection.execute("SAVEPOINT chore")
            try:
                CHORES[task.kind](
                    world.call(connection, int(task.due_at), account=task.account), task.subject, task.data
                )
            except StripeError:
                # Somebody was faster: it was canceled, or done by hand.
                connection.execute("ROLLBACK TO chore")
            except Exception:
                # One that cannot be done must not stand in the way of all that come after it.
                _log.exception("a task failed and is given up", extra={"kind": task.kind, "subject": task.subject})
                connection.execute("ROLLBACK TO chore")
            connection.execute("RELEASE chore")
        return True

    while await world.store.run(work):
        pass
    world.deliveries.wake()


async def run_tasks(world: World) -> None:
    """Do what is due when it is due, until cancelled."""
    while True:
        await do_what_is_due(world)
        due_at = await world.store.run(tasks.next_due)
        wait_seconds = _PAUSE_SECONDS if due_at is None else due_at - world.clock.now().timestamp()
        await world.tasks.wait(min(_PAUSE_SECONDS, max(0.001, wait_seconds)))


async def keep_house(world: World) -> None:
    """Forget what is old now and then, until cancelled."""

    def forget(connection: sqlite3.Connection) -> None:
        now = world.now()
        idempotency.forget_old(connection, now, _BATCH * 10)
        events.forget_old(connection, now, _BATCH * 10)
        SmsProvider.forget_old(connection, now, _BATCH * 10)
        VoiceProvider.forget_old(connection, now, _BATCH * 10)
        posts.forget_old(connection, now, _BATCH * 10)

    while True:
        await world.store.run(forget)
        await asyncio.sleep(_PAUSE_SECONDS)
