"""Hand owed one-time codes over to notification, which gets them to phones."""

from __future__ import annotations

import asyncio
import logging

from identity_service.domain.one_time_codes import OwedCode
from identity_service.use_cases.ports import Store
from identity_service.use_cases.secret_ports import CodeSender
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

BATCH_CODES = 20


class HandOverCodes:
    """Calls notification outside of any transaction and forgets the code when it has been taken over.

    An unknown outcome is asked for again with the same key until the code expires; notification owes each key once.
    """

    def __init__(self, store: Store, sender: CodeSender, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock

    async def one(self, owed: OwedCode) -> bool:
        """Hand one code over; False if that did not work out this time."""
        try:
            await self._sender.send(owed)
            async with self._store.transaction() as transaction:
                await transaction.challenges.handed_over(owed.challenge_id)
        except DomainError as error:
            _log.warning(
                "a one-time code is still owed", extra={"challenge_id": str(owed.challenge_id), "cause": error.reason}
            )
            return False
        return True

    async def due(self) -> int:
        """Hand over the codes whose turn it is, at most one batch; return how many were claimed."""
        async with self._store.transaction() as transaction:
            claimed = await transaction.challenges.claim_owed(self._clock.now(), BATCH_CODES)
        await asyncio.gather(*(self.one(owed) for owed in claimed))
        return len(claimed)

    async def forget_expired(self) -> int:
        """Forget the codes that were never taken over and can no longer be used; return how many."""
        async with self._store.transaction() as transaction:
            count = await transaction.challenges.forget_expired(self._clock.now())
        if count:
            _log.error("one-time codes expired before notification took them", extra={"count": count})
        return count
