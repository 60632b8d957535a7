"""Count what was owed and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notification_service.use_cases.ports import DeliveryCount, Store


class SummarizeDeliveries:
    """Counts notifications made since a time, by channel and state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, since: datetime) -> tuple[Sequence[DeliveryCount], int]:
        """Return the counts and the number of notifications."""
        return await self._store.counts_since(since)
