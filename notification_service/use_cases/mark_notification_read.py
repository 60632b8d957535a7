"""Note that somebody read a notification."""

from __future__ import annotations

from uuid import UUID

from notification_service.domain.inbox_item import InboxItem
from notification_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


class MarkNotificationRead:
    """Marks one of the caller's own notifications; the first reading counts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, account_id: UUID, notification_id: UUID) -> InboxItem:
        """Return the notification; NotFound `notification_not_found` also for somebody else's."""
        async with self._store.transaction() as transaction:
            item = await transaction.mark_read(account_id, notification_id, self._clock.now())
        if item is None:
            raise NotFound("notification_not_found", "there is no such notification")
        return item
