"""A store whose transactions take their steps at moments of chance."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from matching_service.use_cases.store_ports import Store, Transaction

_STEPS = 12
"""Of a transaction, about."""
_TRANSACTIONS = 2
"""Of what somebody does, about."""
_OLD_SHARE = 0.9


class Chance(random.Random):
    """Chance, which knows how long a transaction takes here and now.

    Waits are drawn by that measure. By fixed times a slow machine would be another race: there whoever starts first
    comes first, since nobody waits as long as what the others do takes.
    """

    transaction_seconds = 0.02

    def saw_transaction(self, seconds: float) -> None:
        """Take a transaction into the moving average."""
        self.transaction_seconds = _OLD_SHARE * self.transaction_seconds + (1 - _OLD_SHARE) * seconds


class JitteredStore:
    """A Store that lends its transactions with a wait before each step: none, a turn of the loop, or a moment."""

    def __init__(self, store: Store, chance: Chance) -> None:
        self._store = store
        self._chance = chance

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        began = time.monotonic()
        async with self._store.transaction() as tx:
            yield cast("Transaction", _Jittered(tx, self._chance))
        self._chance.saw_transaction(time.monotonic() - began)


class _Jittered:
    def __init__(self, tx: Transaction, chance: Chance) -> None:
        self._tx = tx
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._tx, name)

        async def delayed(*arguments: Any, **named: Any) -> Any:
            await a_moment(self._chance)
            return await step(*arguments, **named)

        return delayed


async def a_moment(chance: Chance) -> None:
    """Wait for a time that chance tells, between two steps: nothing, or about as long as one takes."""
    await asyncio.sleep(chance.choice((0.0, 0.0, chance.uniform(0, chance.transaction_seconds / _STEPS))))


async def a_head_start(chance: Chance) -> None:
    """Wait for a time that chance tells, before somebody acts: nothing, or about as long as another one's act takes."""
    step_seconds = chance.transaction_seconds / _STEPS
    act_seconds = chance.transaction_seconds * _TRANSACTIONS
    await asyncio.sleep(chance.choice((0.0, chance.uniform(0, step_seconds), chance.uniform(0, act_seconds))))
