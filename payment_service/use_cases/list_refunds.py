"""Show refunds, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payment_service.domain.refund import Refund
from payment_service.use_cases.ports import Store
from payment_service.use_cases.refunds_repository import RefundFilter


class ListRefunds:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, which: RefundFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Refund]:
        """Return a page of refunds, after the (created_at, id) of the last page."""
        async with self._store.snapshot() as work:
            return await work.refunds.page(which, limit, after)
