"""Page through a rider's withdrawals."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.withdrawal import Withdrawal
from payment_service.use_cases.ports import Store


class ListWithdrawals:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, rider_id: UUID, size: int, before: UUID | None
    ) -> tuple[Sequence[Withdrawal], UUID | None]:
        """Return a page, newest first, and where the next begins (None on the last)."""
        async with self._store.snapshot() as work:
            found = await work.withdrawals.list_of(rider_id, size + 1, before)
        page = found[:size]
        return page, page[-1].id if len(found) > size else None
