"""Records a history: questions and answers in the order in which one event loop saw them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from itertools import count
from typing import Any

from tests.histories.checker import Operation


class History:
    """What was asked and answered so far."""

    def __init__(self, chance: random.Random) -> None:
        self.operations: list[Operation] = []
        self._chance = chance
        self._places = count()

    async def ask(
        self, what: Hashable, call: Awaitable[Any], answer_of: Callable[[Any], Hashable], lost_share: float = 0.0
    ) -> None:
        """Ask, and note what was answered; errors are answers as well.

        A share of the askers go away before they are answered, wherever the work is by then. `answer_of` makes what is
        compared of an answer or an error; where it returns None, nothing is known of the operation's effect.
        """
        asked_at = next(self._places)
        asking = asyncio.ensure_future(call)
        if self._chance.random() < lost_share:
            await asyncio.wait({asking}, timeout=self._chance.uniform(0, 0.02))
            if not asking.done():
                asking.cancel()
        [told] = await asyncio.gather(asking, return_exceptions=True)
        answer = None if isinstance(told, asyncio.CancelledError) else answer_of(told)
        answered_at = None if answer is None else next(self._places)
        self.operations.append(Operation(what, asked_at, answered_at, answer))

    def told(self) -> str:
        """Write it down for people, in the order of the questions."""
        return "\n".join(
            f"  {each.asked_at:4d} to {'....' if each.answered_at is None else f'{each.answered_at:4d}'}  "
            f"{each.what} -> {each.answer}"
            for each in sorted(self.operations, key=lambda each: each.asked_at)
        )
