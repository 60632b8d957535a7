"""Write to a person by mail again, whose address has changed."""

from __future__ import annotations

from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.use_cases.ports import Store


class ForgetBounces:
    """An address that bounced is written to no more; that says nothing of the next one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, event_id: UUID, account_id: UUID) -> None:
        """Lift what suppresses an account's mail, once an event."""
        async with self._store.transaction() as transaction:
            if await transaction.first_time(event_id):
                await transaction.lift_suppression(account_id, Channel.EMAIL)
