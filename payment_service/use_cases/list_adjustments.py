"""Page through what operators changed in riders' accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.use_cases.ports import Store


class ListAdjustments:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, kinds: Collection[AdjustmentKind], rider_id: UUID | None, size: int, before: UUID | None
    ) -> tuple[Sequence[RiderAdjustment], UUID | None]:
        """Return a page, newest first, of one rider or all, and where the next begins (None on the last)."""
        async with self._store.snapshot() as work:
            found = await work.adjustments.list_of(kinds, rider_id, size + 1, before)
        page = found[:size]
        return page, page[-1].id if len(found) > size else None
