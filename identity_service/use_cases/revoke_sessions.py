"""Sign devices out from afar."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.events import SessionEnded
from identity_service.domain.sign_ins import EndReason
from identity_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


class RevokeSessions:
    """Ends one's own sign-ins. Access tokens of them still count until they expire, ten minutes at most."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def one(self, account_id: UUID, sign_in_id: UUID) -> None:
        """End a sign-in; one that has ended stays ended.

        Raises:
            NotFound: `session_not_found`, also for somebody else's.
        """
        async with self._store.transaction() as transaction:
            ended = await transaction.sign_ins.end_own(account_id, sign_in_id, EndReason.REVOKED, self._clock.now())
            if ended:
                await transaction.record(SessionEnded(sign_in_id, account_id, EndReason.REVOKED))
        if ended is None:
            raise NotFound("session_not_found", "there is no such session")

    async def others(self, account_id: UUID, kept: UUID | None) -> int:
        """End all sign-ins but one; return how many ended."""
        async with self._store.transaction() as transaction:
            ended = await transaction.sign_ins.end_all(account_id, EndReason.REVOKED, self._clock.now(), but=kept)
            for sign_in_id in ended:
                await transaction.record(SessionEnded(sign_in_id, account_id, EndReason.REVOKED))
        return len(ended)
