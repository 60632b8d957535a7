"""List a rider's cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.ports import Store


class ListPaymentMethods:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, rider_id: UUID, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PaymentMethod]:
        """Return a page of the rider's cards, newest first, before the (created_at, id) of the last page."""
        async with self._store.snapshot() as work:
            return await work.payment_methods.list_of(rider_id, limit, before)
