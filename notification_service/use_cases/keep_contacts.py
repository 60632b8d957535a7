"""Keep whom a person wants to be written to in an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.safety import TrustedContact
from notification_service.use_cases.ports import SafetyStore
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


class KeepContacts:
    """Adds, lists and removes the caller's own trusted contacts."""

    def __init__(self, store: SafetyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, account_id: UUID, name: str, phone_number: str) -> TrustedContact:
        """Name a contact, or rename the one with this number; Conflict `too_many_contacts` beyond five."""
        return await self._store.add_contact(account_id, name, phone_number, self._clock.now())

    async def all_of(self, account_id: UUID) -> Sequence[TrustedContact]:
        """Return the caller's contacts, in the order of their making."""
        return await self._store.contacts(account_id)

    async def remove(self, account_id: UUID, contact_id: UUID) -> None:
        """Forget a contact of the caller's.

        Raises:
            NotFound: `contact_not_found`, also of somebody else's.
        """
        if not await self._store.remove_contact(account_id, contact_id):
            raise NotFound("contact_not_found", "there is no such contact")
