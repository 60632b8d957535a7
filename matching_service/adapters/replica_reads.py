"""Reads of the past from a replica: deep pages of rides, figures, the export of trips.

The newest rides are always read from the primary, so that who has just asked for a ride finds it. A page comes from the
replica only below a ride that is older than a replica may be late, so that none is missing in between.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.replica import Replica
from matching_service.adapters.postgres_mds import PostgresMdsReader
from matching_service.adapters.postgres_reads import PostgresRideReader
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.reader_ports import RideSummary
from shared_kernel.clock import Clock
from shared_kernel.ids import made_at

SETTLED_SECONDS = 60.0
"""How old a ride is before the rides below it are read from a replica: well above how late one may be."""


class ReplicatedRideReader(PostgresRideReader):
    """The RideReader of production with a replica."""

    def __init__(self, database: Database, replica: Replica, clock: Clock) -> None:
        super().__init__(database)
        self._replica, self._past, self._clock = replica, PostgresRideReader(replica.database), clock

    async def rides(
        self,
        limit: int,
        *,
        before: UUID | None = None,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> list[Ride]:
        async def of(reader: PostgresRideReader) -> list[Ride]:
            return await PostgresRideReader.rides(
                reader, limit, before=before, rider_id=rider_id, driver_id=driver_id, states=states
            )

        if before is None or (self._clock.now() - made_at(before)).total_seconds() < SETTLED_SECONDS:
            return await of(self)
        return await self._replica.read(lambda: of(self._past), lambda: of(self))

    async def summary(self, since: datetime) -> RideSummary:
        return await self._replica.read(
            lambda: self._past.summary(since), lambda: PostgresRideReader.summary(self, since)
        )


class ReplicatedMdsReader(PostgresMdsReader):
    """The MdsReader of production with a replica: it tells of hours that are over."""

    def __init__(self, database: Database, replica: Replica) -> None:
        super().__init__(database)
        self._replica, self._past = replica, PostgresMdsReader(replica.database)

    async def completed(self, since: datetime, until: datetime, limit: int, after: UUID | None) -> list[Ride]:
        return await self._replica.read(
            lambda: self._past.completed(since, until, limit, after),
            lambda: PostgresMdsReader.completed(self, since, until, limit, after),
        )
