"""Take up the PSP's events that wait, and let the handler of each apply what the PSP shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from payment_service.domain.psp_event import MAX_TRIES, PspEvent, PspEventState, retry_event_after_seconds
from payment_service.use_cases.ports import Failpoint, Store
from payment_service.use_cases.psp_events.handling import (
    Applied,
    Handled,
    NotYet,
    PspEventHandler,
    PspEventHandlers,
    Stuck,
    Unmatched,
    handler_of,
    look_twice,
)
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

BATCH_EVENTS = 24
"""How many are taken at once, and with them others about the same objects: one look at an object answers them all."""
_AT_ONCE = 4
"""How many objects are asked about at once: events come in floods, and the API needs connections too."""


class ApplyPspEvents:
    """The use case; run by every replica."""

    def __init__(
        self, store: Store, handlers: PspEventHandlers, clock: Clock, failpoint: Failpoint, *, lease_seconds: float
    ) -> None:
        """Make it; after `lease_seconds`, enough for a whole batch, another process takes a try for dead."""
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._failpoint = failpoint
        self._lease = timedelta(seconds=lease_seconds)

    async def __call__(self) -> int:
        """Take up one batch of events whose time has come; return how many were taken."""
        now = self._clock.now()
        async with self._store.single() as work:
            events = await work.psp_events.take_due(now, now + self._lease, BATCH_EVENTS)
        self._failpoint("psp_event.taken")
        groups: dict[tuple[str, str], list[PspEvent]] = {}
        for event in events:
            groups.setdefault((event.type.split(".", 1)[0], event.object_id), []).append(event)
        room = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._apply(room, group) for group in groups.values()))
        return len(events)

    async def _apply(self, room: asyncio.Semaphore, group: Sequence[PspEvent]) -> None:
        async with room:
            by_handler: dict[PspEventHandler | None, list[PspEvent]] = {}
            for event in group:
                by_handler.setdefault(handler_of(self._handlers, event.type), []).append(event)
            for handler, events in by_handler.items():
                handled = await self._handle(handler, events)
                self._failpoint("psp_event.handled")
                try:
                    await self._write_down(events, handled)
                except Exception:
                    # It is applied or not: their lease brings them back, and nothing is applied a second time.
                    _log.exception("what became of events could not be written", extra={"psp_event_id": events[0].id})

    async def _handle(self, handler: PspEventHandler | None, events: Sequence[PspEvent]) -> Handled:
        if handler is None:
            return Stuck("no_handler")
        try:
            return await look_twice(lambda: handler(events))
        except DomainError as error:
            return NotYet(error.reason)
        except Exception as error:
            extra = {"psp_event_id": events[-1].id, "type": events[-1].type}
            _log.exception("an event could not be applied", extra=extra)
            return NotYet(type(error).__name__)

    async def _write_down(self, events: Sequence[PspEvent], handled: Handled) -> None:
        now = self._clock.now()
        alike: dict[tuple[PspEventState, str, int], list[PspEvent]] = {}
        for event in events:
            alike.setdefault((*_became(event, handled), event.tries), []).append(event)
        for (state, detail, tries), those in alike.items():
            async with self._store.single() as work:
                if state in (PspEventState.APPLIED, PspEventState.PARKED):
                    await work.psp_events.end(those, state, detail, now)
                else:
                    due_at = now + timedelta(seconds=retry_event_after_seconds(tries))
                    await work.psp_events.rest(those, state, detail, due_at)
        self._failpoint("psp_event.concluded")
        for state, detail, _ in alike:
            if state is PspEventState.PARKED:
                _log.error("events of the PSP were parked", extra={"psp_event_id": events[0].id, "detail": detail})


def _became(event: PspEvent, handled: Handled) -> tuple[PspEventState, str]:
    match handled:
        case Applied():
            return PspEventState.APPLIED, ""
        case Stuck(detail):
            return PspEventState.PARKED, detail
        case NotYet(detail):
            state = PspEventState.RECEIVED
        case Unmatched():
            state, detail = PspEventState.UNMATCHED, "unmatched"
    return (PspEventState.PARKED if event.tries >= MAX_TRIES else state), detail
