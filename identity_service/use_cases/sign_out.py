"""Sign a device out."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.events import SessionEnded
from identity_service.domain.sign_ins import EndReason
from identity_service.use_cases.ports import Store
from shared_kernel.clock import Clock


class SignOut:
    """Ends the sign-in that an access token belongs to; the access token itself still counts until it expires."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, sign_in_id: UUID | None) -> None:
        """End a sign-in. A token without one (made for local work) and a repeated call change nothing."""
        if sign_in_id is None:
            return
        async with self._store.transaction() as transaction:
            account_id = await transaction.sign_ins.end(sign_in_id, EndReason.SIGNED_OUT, self._clock.now())
            if account_id is not None:
                await transaction.record(SessionEnded(sign_in_id, account_id, EndReason.SIGNED_OUT))
