"""Exchange the drivers who are on the way to several rides, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.events import RideDriverSwapped
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import DriverFacts
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import Reroute
from matching_service.use_cases.store_ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class RerouteDrivers:
    """The Rerouter. The drivers are bound already, so each goes to another rider; nobody is asked or let go."""

    store: Store
    clock: Clock

    async def reroute(self, ring: Sequence[Reroute]) -> bool:
        """Change all drivers of a ring at once; False, with nothing done, when one of the rides has moved on."""
        try:
            async with self.store.transaction() as tx:
                return await self._reroute(tx, ring)
        except Conflict:
            return False

    async def _reroute(self, tx: Transaction, ring: Sequence[Reroute]) -> bool:
        locked: dict[UUID, Ride] = {}
        for step in sorted(ring, key=lambda each: each.ride_id):  # in one order, so that no two rings wait in a circle
            ride = await tx.lock_ride(step.ride_id)
            if ride is None or not _stands(ride, step) or await tx.open_offers_of_ride(ride.id):
                return False
            if await tx.keep_fence(ride.id) != step.fence:
                return False  # another matcher has taken the shard over
            locked[ride.id] = ride
        facts: dict[UUID, DriverFacts] = {
            ride.driver.driver_id: ride.driver for ride in locked.values() if ride.driver is not None
        }
        if {step.driver_id for step in ring} != facts.keys():
            return False
        for step in ring:
            if not await _may_drive(tx, step.driver_id, locked[step.ride_id]):
                return False
        now = self.clock.now()
        moves: list[tuple[Ride, Ride]] = []
        for step in ring:
            before = locked[step.ride_id]
            moves.append((before, ride_search.swapped(before, facts[step.driver_id], step.pickup_eta_seconds, now)))
        await tx.save_ring(moves)
        for step, (_, after) in zip(ring, moves, strict=True):
            await tx.tell(RideDriverSwapped(after, now, step.former_driver_id))
        return True


def _stands(ride: Ride, step: Reroute) -> bool:
    return (
        ride.state is RideState.DRIVER_EN_ROUTE
        and ride.sharing is None
        and ride.driver is not None
        and ride.driver.driver_id == step.former_driver_id
    )


async def _may_drive(tx: Transaction, driver_id: UUID, ride: Ride) -> bool:
    shift = await tx.keep_shift_open(driver_id)
    if shift is None or driver_id == ride.rider_id or await tx.excluded_for(ride.id, driver_id) is not None:
        return False
    if ride.delivery is not None and not ride.delivery.order.needs <= shift.capabilities:
        return False
    return ride.funding is not Funding.CASH or await tx.may_take_cash(driver_id, ride.fare.total.currency_code)
