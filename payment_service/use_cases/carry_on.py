"""Work that is carried to its end though whoever asked for it goes away.

A caller may give up (deadline, cancel) at any moment, also between a commit and what has to follow it. Were the work
dropped there, what was written down would lie until its lease runs out, and who asks again with the same key would be
told all the while that the request is being worked on, though nobody works on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from shared_kernel.errors import DomainError, Unavailable

_log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_RUNNING = 2_048
Begun = Callable[[], None]
"""Says that something may be committed from now on."""


class CarryOn:
    """Runs work in tasks of the process's own."""

    def __init__(self, longest_seconds: float) -> None:
        """Make it; `longest_seconds` is how long work may go on after its caller went away."""
        self._longest_seconds = longest_seconds
        self._running: set[asyncio.Task[Any]] = set()

    async def __call__(self, work: Callable[[Begun], Coroutine[Any, Any, T]]) -> T:
        """Run work and return its result. A caller that goes away ends it only before it has begun.

        Args:
            work: is handed what it has to call in its first transaction, before anything is written.

        Raises:
            Unavailable: `database_busy`, too much is being worked on.
            DomainError: what `work` raises.
        """
        if len(self._running) >= MOST_RUNNING:
            raise Unavailable("database_busy", "this process works on more requests than it can carry to their end")
        has_begun = False

        def begun() -> None:
            nonlocal has_begun
            has_begun = True

        task = asyncio.create_task(work(begun))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if has_begun:
                task.add_done_callback(_tell_failure)
                asyncio.get_running_loop().call_later(self._longest_seconds, task.cancel)
            else:
                # What waits for its turn is dropped: nobody waits for it any more, and others do.
                task.cancel()
            raise

    async def drain(self, within_seconds: float) -> None:
        """Wait for what is being worked on."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=within_seconds)


def _tell_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, DomainError):
        _log.warning("work whose caller went away failed", exc_info=error)
