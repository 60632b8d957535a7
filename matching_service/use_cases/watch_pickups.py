"""See whose driver is about to be at the pickup, and tell the rider to come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from matching_service.domain.events import DriverArriving
from matching_service.domain.pooling import StopAction
from matching_service.domain.positions import Positions
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import LOST_SECONDS
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.store_ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint, haversine_meters

ARRIVING_SECONDS = 120
"""Who is so near is about to be there: about what it takes to put a coat on and to come down, and as early as the large
services tell it. It is no city's to choose: what riders do meanwhile is the same everywhere."""


class Pickup(NamedTuple):
    """A pickup that a driver is on the way to."""

    ride_id: UUID
    driver_id: UUID
    point: GeoPoint


class Pickups(Protocol):
    """The pickups ahead."""

    async def ahead(self, beyond_seconds: int, after: UUID | None, limit: int) -> list[Pickup]:
        """Return pickups whose driver needed longer than so long when assigned, and of whom the rider was not told
        since then that they are about to be there; in the order of their rides' ids."""
        ...


class WatchPickups:
    """A sweep. One process is enough for it, and `has_turn` tells whose turn it is; where two believe that it is
    theirs, the database lets it be told once.

    A driver who is not heard of is not judged. One who has other parties on board or to fetch first is about to be
    there only when the pickup is what comes next.
    """

    def __init__(
        self,
        store: Store,
        pickups: Pickups,
        locations: LiveLocations,
        eta: EtaProvider,
        clock: Clock,
        has_turn: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._pickups = pickups
        self._locations = locations
        self._eta = eta
        self._clock = clock
        self._has_turn = has_turn
        self._after: UUID | None = None
        self._heard = Positions()

    async def __call__(self, limit: int) -> int:
        """Look at the next pickups, no more than `limit`; return how many. After the last comes the first again."""
        if not self._has_turn():
            self._after = None
            return 0
        ahead = await self._pickups.ahead(ARRIVING_SECONDS, self._after, limit)
        if ahead and self._after is None:
            self._heard = await self._locations.snapshot()
        near = self._near(ahead)
        if near:
            needed = await self._eta.seconds([(point, pickup.point) for pickup, point in near])
            for (pickup, _), seconds in zip(near, needed, strict=True):
                if seconds <= ARRIVING_SECONDS:
                    await self._tell(pickup, seconds)
        self._after = ahead[-1].ride_id if len(ahead) == limit else None
        return len(ahead)

    def _near(self, ahead: Sequence[Pickup]) -> list[tuple[Pickup, GeoPoint]]:
        """Return those who may be in time, and where they are: the way is asked for of these alone."""
        now, reach_meters = self._clock.now().timestamp(), self._eta.reach_meters(ARRIVING_SECONDS)
        near: list[tuple[Pickup, GeoPoint]] = []
        for pickup in ahead:
            position = self._heard.of(pickup.driver_id)
            if position is None or now - position.measured_at >= LOST_SECONDS:
                continue
            if haversine_meters(position.point, pickup.point) <= reach_meters:
                near.append((pickup, position.point))
        return near

    async def _tell(self, pickup: Pickup, seconds: int) -> None:
        async with self._store.transaction() as tx:
            ride = await tx.lock_ride(pickup.ride_id)
            if ride is None or ride.state is not RideState.DRIVER_EN_ROUTE:
                return
            if ride.driver is None or ride.driver.driver_id != pickup.driver_id or ride.assigned_at is None:
                return
            if not await _comes_next(tx, ride, pickup.driver_id):
                return
            now = self._clock.now()
            if await tx.note_arriving(ride.id, pickup.driver_id, ride.assigned_at, now):
                told = ride.told()
                await tx.save_ride(ride, told)
                await tx.tell(DriverArriving(told, now, seconds))


async def _comes_next(tx: Transaction, ride: Ride, driver_id: UUID) -> bool:
    if ride.run_id is None:
        return True
    view = await tx.run_of(driver_id)
    pending = () if view is None else view.pending
    return bool(pending) and (pending[0].ride_id, pending[0].action) == (ride.id, StopAction.PICK_UP)
