"""Read one's own account."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.accounts import Account
from identity_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class ReadAccount:
    """Returns an account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, account_id: UUID) -> Account:
        """Return the account.

        Raises:
            NotFound: `account_not_found`.
        """
        async with self._store.transaction() as transaction:
            account = await transaction.accounts.find(account_id)
        if account is None:
            raise NotFound("account_not_found", "there is no such account")
        return account
