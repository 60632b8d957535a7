"""Note that a notification was seen, so that no SMS follows it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notification_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


class AcknowledgeNotification:
    """Takes the acknowledgement of the caller's own notification; the first counts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, account_id: UUID, notification_id: UUID) -> datetime:
        """Return when it was first acknowledged; NotFound `notification_not_found` also for somebody else's."""
        async with self._store.transaction() as transaction:
            at = await transaction.acknowledge(account_id, notification_id, self._clock.now())
        if at is None:
            raise NotFound("notification_not_found", "there is no such notification")
        return at
