"""Show what a rider has here beside their cards, and what they owe."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.wallet import WalletBalance, wallet_balances
from payment_service.use_cases.ports import Store


class GetWallet:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, rider_id: UUID) -> Sequence[WalletBalance]:
        """Return a rider's balances by currency; none for a rider whom nothing ever came to."""
        async with self._store.snapshot() as work:
            return wallet_balances(await work.wallets.balances_of(rider_id))
