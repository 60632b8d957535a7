"""A store whose transactions take their steps at moments of chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from matching_service.use_cases.store_ports import Store, Transaction

_LONGEST_SECONDS = 0.003
_ACT_SECONDS = 0.04


class JitteredStore:
    """A Store that lends its transactions with a wait before each step: none, a turn of the loop, or a moment."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        async with self._store.transaction() as tx:
            yield cast("Transaction", _Jittered(tx, self._chance))


class _Jittered:
    def __init__(self, tx: Transaction, chance: random.Random) -> None:
        self._tx = tx
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._tx, name)

        async def delayed(*arguments: Any, **named: Any) -> Any:
            await a_moment(self._chance)
            return await step(*arguments, **named)

        return delayed


async def a_moment(chance: random.Random) -> None:
    """Wait for a time that chance tells, between two steps."""
    await asyncio.sleep(chance.choice((0.0, 0.0, chance.uniform(0, _LONGEST_SECONDS))))


async def a_head_start(chance: random.Random) -> None:
    """Wait for a time that chance tells, before somebody acts: nothing, or about as long as another one's act takes."""
    await asyncio.sleep(chance.choice((0.0, chance.uniform(0, _LONGEST_SECONDS), chance.uniform(0, _ACT_SECONDS))))
