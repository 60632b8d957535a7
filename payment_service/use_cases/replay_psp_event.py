"""Let a parked event of the PSP be taken up again."""

from __future__ import annotations

from collections.abc import Callable

from payment_service.domain.psp_event import PspEvent
from payment_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound


class ReplayPspEvent:
    """The use case."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        """Make it; `wake` is called when there is an event to apply."""
        self._store = store
        self._clock = clock
        self._wake = wake

    async def __call__(self, event_id: str) -> PspEvent:
        """Return the event, to be applied.

        Raises:
            NotFound: `psp_event_not_found`.
            Conflict: `psp_event_not_parked`.
        """
        async with self._store.transaction() as work:
            event = await work.psp_events.replay(event_id, self._clock.now())
            if event is None:
                if await work.psp_events.get(event_id) is None:
                    raise NotFound("psp_event_not_found", "there is no such event")
                raise Conflict("psp_event_not_parked", "only a parked event is replayed")
        self._wake()
        return event
