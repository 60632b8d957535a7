"""Close offers that were not answered in time. The time stands in the row, so a restart drops none."""

from __future__ import annotations

from dataclasses import dataclass

from matching_service.domain.offer import ExclusionCause, Offer, OfferState
from matching_service.use_cases.one_by_one import one_by_one
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import close_unanswered
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ExpireOffers:
    """A sweep; every replica may run it at once."""

    store: Store
    reader: RideReader
    clock: Clock

    async def __call__(self, limit: int = 100) -> int:
        """Look at no more than `limit` due offers; return how many there were."""
        due = await self.reader.expired_offers(self.clock.now(), limit)
        await one_by_one(due, self._expire)
        return len(due)

    async def _expire(self, seen: Offer) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(seen.ride_id)
            offer = await tx.find_offer(seen.id, seen.driver_id)
            if ride is None or offer is None or offer.state is not OfferState.OPEN:
                return  # answered, withdrawn or expired by another replica meanwhile
            now = self.clock.now()
            if offer.is_due(now):
                await close_unanswered(tx, ride, offer, ExclusionCause.EXPIRED, now)
