"""Page through a rider's statement."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.wallet import WalletEntry
from payment_service.use_cases.ports import Store


class ListWalletEntries:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, rider_id: UUID, size: int, before: tuple[UUID, int] | None
    ) -> tuple[Sequence[WalletEntry], tuple[UUID, int] | None]:
        """Return a page of wallet and credit, newest first, and where the next begins (None on the last)."""
        async with self._store.snapshot() as work:
            entries = await work.wallets.entries_of(rider_id, size + 1, before)
        page = entries[:size]
        return page, (page[-1].entry_id, page[-1].seq) if len(entries) > size else None
