"""Show somebody where they are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from identity_service.domain.sign_ins import LiveSignIn
from identity_service.use_cases.ports import Store
from shared_kernel.clock import Clock

MOST_SESSIONS = 100


class ListSessions:
    """Returns one's own live sign-ins."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, account_id: UUID) -> Sequence[LiveSignIn]:
        """Return the live sign-ins, the newest first; at most a hundred."""
        async with self._store.transaction() as transaction:
            return await transaction.sign_ins.live(account_id, self._clock.now(), MOST_SESSIONS)
