"""Show disputes, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payment_service.domain.dispute import Dispute
from payment_service.use_cases.disputes_repository import DisputeFilter
from payment_service.use_cases.ports import Store


class ListDisputes:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, which: DisputeFilter, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Dispute]:
        """Return a page of disputes, after the (created_at, id) of the last page."""
        async with self._store.snapshot() as work:
            return await work.disputes.page(which, limit, after)
