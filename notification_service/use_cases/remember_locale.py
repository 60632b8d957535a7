"""Remember the language an account wants."""

from __future__ import annotations

from uuid import UUID

from notification_service.use_cases.ports import Store


class RememberLocale:
    """Keeps the language of identity's accounts here, so that a message needs no call to another service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, event_id: UUID, account_id: UUID, locale: str) -> None:
        """Store the language told by an event."""
        async with self._store.transaction() as transaction:
            if await transaction.first_time(event_id):
                await transaction.set_locale(account_id, locale)
