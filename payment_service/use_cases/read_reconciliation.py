"""Show reconciliation runs and items to operators."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.reconciliation import Item, Run
from payment_service.use_cases.ports import Store


class ReadReconciliation:
    """The use cases that only read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, run_id: UUID) -> Run:
        """Return a run; `run_not_found` (NotFound)."""
        async with self._store.snapshot() as work:
            return await work.reconciliation.get_run(run_id)

    async def runs(self, before: UUID | None, limit: int) -> Sequence[Run]:
        """Return runs, the newest first."""
        async with self._store.snapshot() as work:
            return await work.reconciliation.list_runs(before, limit)

    async def items(self, *, only_open: bool, after: UUID | None, limit: int) -> Sequence[Item]:
        """Return items, the oldest first."""
        async with self._store.snapshot() as work:
            return await work.reconciliation.list_items(only_open=only_open, after=after, limit=limit)
