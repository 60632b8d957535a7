"""See trips that leave their way or stand still, and ask whether all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from matching_service.domain.events import TripAlertRaised
from matching_service.domain.positions import Positions
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import LOST_SECONDS
from matching_service.domain.trip_watch import AlertKind, Trip, TripAlert, TripWatch, WatchPolicy, due_alerts, looked
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import IdSource


class WatchedTrip(NamedTuple):
    """A trip and what is remembered of it."""

    trip: Trip
    watch: TripWatch | None


class TripWatches(Protocol):
    """What is remembered of trips under way."""

    async def under_way(self, after: UUID | None, limit: int) -> list[WatchedTrip]:
        """Return trips of one party that are under way, in the order of their ids."""
        ...

    async def keep(self, watches: Sequence[tuple[UUID, TripWatch]], now: datetime) -> None:
        """Store what is remembered of trips."""
        ...


class WatchTrips:
    """A sweep. One process is enough for it, and `has_turn` tells whose turn it is; where two believe that it is
    theirs, the database lets a case be told once.

    A driver who is not heard of is not judged: silence has a watch of its own. Parties who share a vehicle are not
    watched, since their ways are the run's.
    """

    def __init__(
        self,
        store: Store,
        watches: TripWatches,
        locations: LiveLocations,
        policy: WatchPolicy,
        clock: Clock,
        new_id: IdSource,
        has_turn: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._watches = watches
        self._locations = locations
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._has_turn = has_turn
        self._after: UUID | None = None
        self._heard = Positions()

    async def __call__(self, limit: int) -> int:
        """Look at the next trips, no more than `limit`; return how many. After the last comes the first again."""
        if not self._has_turn():
            self._after = None
            return 0
        if self._after is None:
            self._heard = await self._locations.snapshot()
        watched = await self._watches.under_way(self._after, limit)
        now = self._clock.now()
        changed, due = await asyncio.to_thread(self._judge, watched, self._heard, now)
        if changed:
            await self._watches.keep(changed, now)
        for trip, kind, since, point in due:
            await self._tell(trip, kind, since, point)
        self._after = watched[-1].trip.ride_id if len(watched) == limit else None
        return len(watched)

    def _judge(
        self, watched: Sequence[WatchedTrip], heard: Positions, now: datetime
    ) -> tuple[list[tuple[UUID, TripWatch]], list[tuple[Trip, AlertKind, datetime, GeoPoint]]]:
        changed: list[tuple[UUID, TripWatch]] = []
        due: list[tuple[Trip, AlertKind, datetime, GeoPoint]] = []
        for trip, watch in watched:
            position = heard.of(trip.driver_id)
            if position is None or now.timestamp() - position.measured_at >= LOST_SECONDS:
                continue
            at = datetime.fromtimestamp(position.measured_at, UTC)
            seen = looked(watch, trip, position.point, at, self._policy)
            if seen != watch:
                changed.append((trip.ride_id, seen))
            due += [(trip, kind, since, position.point) for kind, since in due_alerts(seen, at, self._policy)]
        return changed, due

    async def _tell(self, trip: Trip, kind: AlertKind, since: datetime, point: GeoPoint) -> None:
        async with self._store.transaction() as tx:
            ride = await tx.lock_ride(trip.ride_id)
            if ride is None or ride.state is not RideState.IN_PROGRESS:
                return
            now = self._clock.now()
            alert = TripAlert(self._new_id(), ride.id, ride.rider_id, trip.driver_id, kind, point, since, now)
            if await tx.raise_alert(alert):
                await tx.tell(TripAlertRaised(ride, now, alert))
