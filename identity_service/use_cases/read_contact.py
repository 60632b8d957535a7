"""Tell another service how to reach a person."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.accounts import Contact
from identity_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class ReadContact:
    """Opens the sealed phone number of an account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, account_id: UUID) -> Contact:
        """Return the contact: personal data in clear.

        Raises:
            NotFound: `account_not_found`.
        """
        contact = await self._store.contact(account_id)
        if contact is None:
            raise NotFound("account_not_found", "there is no such account")
        return contact
