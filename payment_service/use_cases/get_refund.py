"""Show a refund."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.refund import Refund
from payment_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class GetRefund:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, refund_id: UUID, only_of_rider: UUID | None) -> Refund:
        """Return a refund; with `only_of_rider` another rider's is `refund_not_found` (NotFound)."""
        async with self._store.snapshot() as work:
            refund = await work.refunds.get(refund_id)
        if refund is None or only_of_rider not in (None, refund.rider_id):
            raise NotFound("refund_not_found", "there is no such refund")
        return refund
