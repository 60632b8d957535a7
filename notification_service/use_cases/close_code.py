"""Call nobody to tell a code that is not needed any more."""

from __future__ import annotations

from uuid import UUID

from notification_service.use_cases.ports import Store
from notification_service.use_cases.send_one_time_code import code_key
from shared_kernel.clock import Clock


class CloseCode:
    """Takes it as an acknowledgement that a code was used, or guessed at too often."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, event_id: UUID, caller: str, request_id: str) -> None:
        """Call off what was to follow, once an event; `caller` and `request_id` are those that the code came with."""
        async with self._store.transaction() as transaction:
            if await transaction.first_time(event_id):
                await transaction.close_code(code_key(caller, request_id), self._clock.now())
