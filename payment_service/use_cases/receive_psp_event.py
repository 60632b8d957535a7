"""Keep an event of the PSP, once, and let it be applied afterwards."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from payment_service.domain.psp_event import PspEvent, PspEventState
from payment_service.use_cases.ports import Failpoint, Store
from payment_service.use_cases.psp_events.handling import PspEventHandlers, handler_of
from shared_kernel.errors import Unavailable

BATCH_EVENTS = 100
MAX_WAITING = 500
"""How many may wait to be written; the PSP sends again what is turned away."""


class PspEventReader(Protocol):
    """The PSP's own form of an event."""

    def read(self, payload: bytes, signature: str) -> PspEvent:
        """Read an event that the PSP has signed.

        Raises:
            InvalidInput: `invalid_signature`, or `invalid_psp_event` for one that is signed and makes no sense.
        """
        ...


class ReceivePspEvent:
    """The use case."""

    def __init__(
        self,
        store: Store,
        reader: PspEventReader,
        handlers: PspEventHandlers,
        failpoint: Failpoint,
        wake: Callable[[], None],
    ) -> None:
        """Make it; `wake` is called when there is an event to apply."""
        self._store = store
        self._reader = reader
        self._handlers = handlers
        self._failpoint = failpoint
        self._wake = wake
        self._waiting: deque[tuple[PspEvent, asyncio.Future[bool]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, payload: bytes, signature: str) -> bool:
        """Keep an event; return whether it is new.

        Raises:
            InvalidInput: `invalid_signature`, `invalid_psp_event`.
            Unavailable: `psp_events_busy`, too many wait to be written.
        """
        event = self._reader.read(payload, signature)
        self._failpoint("psp_event.read")
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("psp_events_busy", "too many events at once: send it again", retry_after_seconds=1.0)
        if handler_of(self._handlers, event.type) is None:
            event = replace(event, state=PspEventState.IGNORED)
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        fresh = await kept
        self._failpoint("psp_event.kept")
        return fresh

    async def drain(self) -> None:
        """Wait until what has come is written."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write_all(self) -> None:
        # One statement at a time, for all that came during the last: a flood takes one connection of the pool.
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_EVENTS, len(self._waiting)))]
            try:
                async with self._store.single() as work:
                    fresh = await work.psp_events.insert([event for event, _ in batch])
                self._failpoint("psp_event.inserted")
            except Exception as error:
                for _, kept in batch:
                    if not kept.done():
                        kept.set_exception(error)
                continue
            if fresh:
                self._wake()
            for event, kept in batch:
                if not kept.done():
                    kept.set_result(event.id in fresh)
                fresh.discard(event.id)
