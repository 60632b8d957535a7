"""Group commit: pieces of work that wait at the same time share one transaction.

A commit, and every statement on the way to it, costs nearly the same for one as for many. Whatever comes while a group
is being committed waits and makes the next group: alone nobody waits, and the busier it is the larger the groups. Each
caller is told its own result. A piece of work that fails is taken out of the group and done again in a transaction of
its own, where it fails by itself; so is every piece of a group that fails as a whole.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar, cast

from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import Needs
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError, Unavailable

_log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_TOGETHER = 256
MOST_WAITING = 2_048
_EACH_MAY_TRY_AGAIN = ("database_busy", "database_timeout")
"""Where one piece of work may have been in the way of all; after other errors of the database nobody need try."""


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    result: T


@dataclass(eq=False, slots=True)
class _Waiting(Generic[T]):
    needs: Needs
    run: Callable[[Work], Coroutine[Any, Any, T]]
    outcome: asyncio.Future[_Done[T] | None]
    """None: it is to be done alone."""
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def tell(self, outcome: _Done[T] | None) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Together:
    """Runs pieces of work, as many in one transaction as wait for it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[_Waiting[Any]] = deque()
        self._committing: asyncio.Task[None] | None = None

    async def __call__(self, needs: Needs, run: Callable[[Work], Coroutine[Any, Any, T]]) -> T:
        """Run a piece of work in a transaction and return its result once it is committed.

        Args:
            needs: what it claims and locks first.
            run: the work; may be run a second time after the first was rolled back.

        Raises:
            Unavailable: `database_busy`, too many wait.
            DomainError: what `run` raises (then nothing was done), or an outage.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("database_busy", "more changes wait in this process than can be saved together")
        item = _Waiting(needs, run, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all(), context=contextvars.Context())
        done = await item.outcome
        if done is not None:
            return done.result
        async with self._store.transaction() as work:
            return await run(work)

    async def _commit_all(self) -> None:
        try:
            # Whoever comes in the same turn of the event loop comes along.
            await asyncio.sleep(0)
            while self._waiting:
                await self._commit(self._next_group())
        finally:
            self._committing = None

    def _next_group(self) -> list[_Waiting[Any]]:
        group: list[_Waiting[Any]] = []
        taken: set[Hashable] = set()
        left: deque[_Waiting[Any]] = deque()
        while self._waiting and len(group) < MOST_TOGETHER:
            item = self._waiting.popleft()
            if item.outcome.done():
                continue  # its caller went away
            names = set(_names_of(item.needs))
            if taken.isdisjoint(names):
                taken |= names
                group.append(item)
            else:
                # It has to see what the first one did.
                left.append(item)
        self._waiting.extendleft(reversed(left))
        return group

    async def _commit(self, group: Sequence[_Waiting[Any]]) -> None:
        done: list[tuple[_Waiting[Any], _Done[Any]]] = []
        try:
            async with self._store.together([item.needs for item in group], self._clock.now()) as works:
                for item, work in zip(group, works, strict=True):
                    if item.outcome.done():
                        # Its caller went away while the group was being taken: nobody would follow what it begins.
                        work.forget()
                        continue
                    try:
                        done.append((item, _Done(await _run_in(item.context, item.run(work)))))
                    except Exception:
                        # Told when it is done alone.
                        work.forget()
            for item, result in done:
                item.tell(result)
        except Exception as error:
            if isinstance(error, DomainError) and error.reason not in _EACH_MAY_TRY_AGAIN:
                for item in group:
                    item.fail(error)
            else:
                _log.warning("a group could not be committed", extra={"size": len(group)}, exc_info=error)
        finally:
            for item in group:
                item.tell(None)


@types.coroutine
def _run_in(context: contextvars.Context, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await a coroutine in its caller's context, for the trace that it writes down, without a task of its own."""
    step = partial(work.send, None)
    while True:
        try:
            waits_for = context.run(step)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            yield waits_for
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, None)


def _names_of(needs: Needs) -> Iterator[Hashable]:
    if needs.request is not None:
        yield needs.request.principal, needs.request.method, needs.request.key
    for name in (needs.ride_id, needs.payment_id, needs.operation_id):
        if name is not None:
            yield name
