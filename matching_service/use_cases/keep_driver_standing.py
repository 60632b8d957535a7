"""payment_service told whether a driver may take cash: it counts for all offers from here on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.events import RideMatchingStarted
from matching_service.domain.ride_states import RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.steps import withdraw_offer
from matching_service.use_cases.store_ports import DriverStanding, Store
from shared_kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class KeepDriverStanding:
    """Keeps the latest standing; a driver who may no longer take cash loses the open offer of a ride paid in cash."""

    store: Store
    clock: Clock

    async def __call__(self, event_id: UUID, standing: DriverStanding, version: int) -> None:
        """Take the news in once; what is older than what is known changes nothing.

        A ride under way is driven to its end: its rider counts on it.
        """
        async with self.store.transaction() as tx:
            if await tx.first_time(event_id):
                # Offers are made and accepted while the shift is kept open: those by the old standing are seen below.
                await tx.lock_shift(standing.driver_id)
                await tx.keep_standing(standing, version)
        if not standing.cash_allowed:
            # By the standing as stored, and so harmless to repeat when the news come again after a crash.
            await self._withdraw_cash_offer(standing.driver_id)

    async def _withdraw_cash_offer(self, driver_id: UUID) -> None:
        async with self.store.transaction() as tx:
            seen = await tx.open_offer_of_driver(driver_id)
            if seen is None or seen.funding is not Funding.CASH:
                return
            ride = await tx.lock_ride(seen.ride_id)
            # Again, under the ride's lock: it may have been closed meanwhile.
            offer = await tx.open_offer_of_driver(driver_id)
            if (
                ride is None
                or offer is None
                or offer != seen
                or await tx.may_take_cash(driver_id, seen.earnings.currency_code)
            ):
                return
            now = self.clock.now()
            told = await withdraw_offer(tx, ride, offer, now)
            if ride.state is not RideState.OFFERED or await tx.open_offers_of_ride(ride.id):
                await tx.save_ride(ride, told)
                return
            waiting = ride_search.offer_closed(told, now)
            await tx.save_ride(ride, waiting)
            await tx.tell(RideMatchingStarted(waiting, now))
