"""Show where a driver is paid."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.payout_account import PayoutAccount
from payment_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class GetPayoutAccount:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, driver_id: UUID, currency_code: str) -> PayoutAccount:
        """Return the bank account for a currency; `payout_account_not_found` (NotFound)."""
        async with self._store.snapshot() as work:
            account = await work.payout_accounts.get(driver_id, currency_code)
        if account is None:
            raise NotFound("payout_account_not_found", "there is no bank account for this currency")
        return account
