"""Push nothing more to a device that was signed out."""

from __future__ import annotations

from uuid import UUID

from notification_service.use_cases.ports import Store
from shared_kernel.clock import Clock


class EndSignIn:
    """Drops the devices of sign-ins that ended, wherever they were ended from."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, event_id: UUID, account_id: UUID, sign_in_id: UUID, replaced_by: UUID | None) -> None:
        """Drop what a sign-in registered, once an event.

        Where the same device signed in anew (`replaced_by`) it is still the person's, and goes with the newer sign-in.
        """
        async with self._store.transaction() as transaction:
            if await transaction.first_time(event_id):
                await transaction.end_sign_in(account_id, sign_in_id, replaced_by, self._clock.now())
