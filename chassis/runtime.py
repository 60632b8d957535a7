"""Running: the event loop, supervised background workers, and the wake-up call between a commit and its worker."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

from chassis.metrics import WORKER_RESTARTS

_log = logging.getLogger(__name__)
T = TypeVar("T")
_pauses: list[None] = []
"""One for each block that keeps the collector from running."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine on uvloop."""
    return uvloop.run(main)


class Backoff:
    """Waits that double up to a cap, shortened at random by up to a half, so that replicas do not march in step."""

    def __init__(
        self, first_seconds: float = 0.1, cap_seconds: float = 30.0, source: random.Random | None = None
    ) -> None:
        self._first = first_seconds
        self._cap = cap_seconds
        self._random = source or random.Random()  # noqa: S311 (jitter is no secret)
        self._failures = 0

    def next_seconds(self) -> float:
        """Return how long to wait after one more failure."""
        wait = min(self._cap, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return wait * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start again from the first wait: something succeeded."""
        self._failures = 0


class Workers:
    """Background coroutines that are meant to run for ever: one that fails or returns is started again, ever later.

    A worker that has run for a minute is considered well, so that its next failure waits briefly. Nobody waits long:
    what a worker missed, a table or a store, may be there the next moment, and rides wait for it.
    """

    _WELL_AFTER_SECONDS = 60.0
    _MOST_WAIT_SECONDS = 5.0

    def __init__(self) -> None:
        self._factories: dict[str, Callable[[], Awaitable[object]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def add(self, name: str, factory: Callable[[], Awaitable[object]]) -> None:
        """Register a worker; `factory` makes a fresh coroutine for each start. Names are unique (ValueError)."""
        if name in self._factories:
            raise ValueError(f"there is a worker named {name} already")
        self._factories[name] = factory

    def start(self) -> None:
        """Start all registered workers."""
        self._stopping = False
        for name, factory in self._factories.items():
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(self._supervise(name, factory), name=f"worker {name}")

    async def stop(self, within_seconds: float = 5.0) -> None:
        """Cancel all workers and wait for them to end; one that does not is named in the log and left."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._stopping = True
        # Twice: before Python 3.12 `asyncio.wait_for`, which libraries use, can swallow a cancellation.
        for _ in range(2):
            for task in tasks:
                task.cancel()
            if tasks:
                _, still_running = await asyncio.wait(tasks, timeout=within_seconds / 2)
                tasks = list(still_running)
        for task in tasks:
            _log.warning("a worker did not stop in time", extra={"worker": task.get_name()})

    async def _supervise(self, name: str, factory: Callable[[], Awaitable[object]]) -> None:
        backoff = Backoff(cap_seconds=self._MOST_WAIT_SECONDS)
        loop = asyncio.get_running_loop()
        while not self._stopping:
            begun = loop.time()
            try:
                await factory()
                _log.warning("a worker returned", extra={"worker": name})
            except Exception:
                _log.exception("a worker failed", extra={"worker": name})
            if self._stopping:
                # A failure took the place of the cancellation: a group of tasks tells its members' errors instead.
                return
            if loop.time() - begun > self._WELL_AFTER_SECONDS:
                backoff.reset()
            WORKER_RESTARTS.labels(name).inc()
            await asyncio.sleep(backoff.next_seconds())


class Wakeup:
    """An alarm between whoever commits work and the worker that does it, with a short pause that gathers a batch."""

    def __init__(self, debounce_seconds: float = 0.003) -> None:
        self._event = asyncio.Event()
        self._debounce = debounce_seconds

    def wake(self) -> None:
        """Say that there is work. Cheap, from the loop's own thread; as often as you like."""
        self._event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for work or for the time to pass; True if woken. Wakes that come during the pause count as this one."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(self._debounce)
        self._event.clear()
        return True


@contextmanager
def collector_paused() -> Generator[None]:
    """Keep the cyclic garbage collector from running in a block that makes very many small objects and no cycle.

    It would look through all of them again and again and find nothing: half of the time of a tick of dispatch in a
    large city. What others leave behind meanwhile is collected after it. Blocks may overlap.
    """
    _pauses.append(None)
    gc.disable()
    try:
        yield
    finally:
        _pauses.pop()
        if not _pauses:
            gc.enable()
