"""Show operators the PSP's events, above all those that are parked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from payment_service.domain.psp_event import PspEvent, PspEventState
from payment_service.use_cases.ports import Store


class ListPspEvents:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, state: PspEventState | None, limit: int, after: tuple[datetime, str] | None
    ) -> Sequence[PspEvent]:
        """Return a page of events, newest first, after the (received_at, id) of the last page."""
        async with self._store.snapshot() as work:
            return await work.psp_events.page(state, limit, after)
