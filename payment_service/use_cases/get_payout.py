"""Show payouts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from payment_service.domain.payout import Payout, PayoutStatus
from payment_service.use_cases.answers import Answer, Recorded
from payment_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class GetPayout:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, payout_id: UUID, only_of_driver: UUID | None) -> Payout:
        """Return a payout; `payout_not_found` (NotFound), also where it is another driver's."""
        async with self._store.snapshot() as work:
            payout = await work.payouts.get(payout_id)
        if only_of_driver is not None and payout.driver_id != only_of_driver:
            raise NotFound("payout_not_found", "there is no such payout")
        return payout


class ListPayouts:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, driver_id: UUID | None, status: PayoutStatus | None, before: UUID | None, limit: int
    ) -> tuple[Sequence[Payout], UUID | None]:
        """Return payouts, newest first, and the last one's id where there may be more."""
        async with self._store.snapshot() as work:
            payouts = await work.payouts.page(driver_id, status, before, limit)
        return payouts, payouts[-1].id if len(payouts) == limit else None


async def recorded_payout(store: Store, answer: Answer | None) -> Payout:
    """Return the payout that an answer names, as it stands now."""
    if not isinstance(answer, Recorded):
        raise ValueError("payouts are answered at once")
    async with store.snapshot() as work:
        return await work.payouts.get(answer.id)
