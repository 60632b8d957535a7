"""Show a dispute."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.dispute import Dispute
from payment_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class GetDispute:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, dispute_id: UUID) -> Dispute:
        """Return a dispute, or NotFound `dispute_not_found`."""
        async with self._store.snapshot() as work:
            dispute = await work.disputes.get(dispute_id)
        if dispute is None:
            raise NotFound("dispute_not_found", "there is no such dispute")
        return dispute
