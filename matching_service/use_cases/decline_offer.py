"""A driver says no to an offer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.offer import ExclusionCause, Offer, OfferState
from matching_service.use_cases.accept_offer import offer_not_found
from matching_service.use_cases.steps import close_unanswered
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """DeclineOffer: the driver is not asked for that ride again."""

    store: Store
    clock: Clock

    async def __call__(self, request_id: str, driver_id: UUID, offer_id: UUID) -> Offer:
        """Return the offer, declined; one that is closed without an answer is returned as it is.

        Raises:
            NotFound: `offer_not_found`.
            Conflict: `offer_accepted`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "DeclineOffer", request_id, (str(offer_id),)))
            offer = await self._decline(tx, driver_id, offer_id)
            if answer is None:
                await tx.complete(offer.id.bytes)
            return offer

    async def _decline(self, tx: Transaction, driver_id: UUID, offer_id: UUID) -> Offer:
        seen = await tx.find_offer(offer_id, driver_id)
        ride = None if seen is None else await tx.lock_ride(seen.ride_id)
        offer = None if seen is None else await tx.find_offer(offer_id, driver_id)
        if offer is None or ride is None:
            raise offer_not_found()
        if offer.state is OfferState.ACCEPTED:
            raise Conflict("offer_accepted", "the ride was accepted; give it back instead")
        if offer.state is not OfferState.OPEN:
            return offer
        return await close_unanswered(tx, ride, offer, ExclusionCause.DECLINED, self.clock.now())
