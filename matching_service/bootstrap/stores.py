"""What rides, offers and dispatch stand on: the adapters, and the use cases that several parts share."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from redis.asyncio import Redis

from chassis.database import Database
from chassis.replica import Replica
from chassis.runtime import Wakeup
from chassis.telemetry import follow
from matching_service.adapters.city_file import load_cities
from matching_service.adapters.free_drivers import SnapshotFreeDrivers
from matching_service.adapters.h3_cells import H3Cells
from matching_service.adapters.identity_client import IdentityClient
from matching_service.adapters.payment_client import PaymentClient
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_after_rides import PostgresRatings, PostgresShares
from matching_service.adapters.postgres_cities import PostgresCities
from matching_service.adapters.postgres_complaints import PostgresRefundQueue
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.adapters.postgres_edits import PostgresEditQueue
from matching_service.adapters.postgres_fleet import PostgresFleet
from matching_service.adapters.postgres_mds import PostgresMdsReader
from matching_service.adapters.postgres_policy_archive import PostgresPolicyArchive
from matching_service.adapters.postgres_promotions import PostgresPromotions
from matching_service.adapters.postgres_quotes import PostgresQuotes
from matching_service.adapters.postgres_reads import PostgresRideReader
from matching_service.adapters.postgres_saga import PostgresSagaQueue
from matching_service.adapters.postgres_shifts import PostgresShiftReader
from matching_service.adapters.postgres_surge import PostgresSurge
from matching_service.adapters.postgres_traces import PostgresTraces
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.redis_surge import RedisSurge
from matching_service.adapters.replica_reads import ReplicatedMdsReader, ReplicatedRideReader
from matching_service.bootstrap.maps import Maps, build_maps
from matching_service.domain.trip_watch import WatchPolicy
from matching_service.entrypoints import wire_events
from matching_service.settings import MatchingSettings
from matching_service.use_cases.advance_edits import AdvanceEdits
from matching_service.use_cases.advance_saga import AdvanceSaga
from matching_service.use_cases.decide_complaints import AdvanceRefunds
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.clock import SystemClock
from shared_kernel.ids import Uuid7Source

IDLE_IN_TRANSACTION_SECONDS = 5.0
"""No transaction of this service waits for anything but the database: one that idles belongs to a process that was
stopped, and holds up a ride, a driver and a shard."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What the servicers and the workers take from here."""

    database: Database
    redis: Redis
    relay_wakeup: Wakeup
    maps: Maps
    cities: PostgresCities
    archive: PostgresPolicyArchive
    cells: H3Cells
    surge: RedisSurge
    surge_reads: PostgresSurge
    clock: SystemClock
    new_id: Uuid7Source
    store: PostgresStore
    reader: PostgresRideReader
    reads: PostgresDispatchReads
    shifts: PostgresShiftReader
    shares: PostgresShares
    ratings: PostgresRatings
    traces: PostgresTraces
    mds: PostgresMdsReader
    fleet: PostgresFleet
    queue: PostgresSagaQueue
    quotes: PostgresQuotes
    promotions: PostgresPromotions
    locations: RedisLiveLocations
    eta: EtaProvider
    saga: AdvanceSaga
    edits: AdvanceEdits
    refunds: AdvanceRefunds
    edit_policies: EditPolicies
    free_drivers: SnapshotFreeDrivers
    accounts: IdentityClient
    watch_policy: WatchPolicy


def build_stores(
    settings: MatchingSettings,
    database: Database,
    redis: Redis,
    payments: PaymentClient,
    accounts: IdentityClient,
    replica: Replica | None = None,
) -> Stores:
    """Put them together. Raises what `load_cities` and `build_maps` do for files of no use."""
    clock, new_id, relay_wakeup = SystemClock(), Uuid7Source(), Wakeup()
    store = PostgresStore(database, wire_events.event_message, clock, new_id, relay_wakeup)
    queue = PostgresSagaQueue(database)
    jitter = random.Random()  # noqa: S311 (jitter is no secret)
    city_files = load_cities(settings.matching_city_file)
    known = [file.policy for file in city_files]
    reader = ReplicatedRideReader(database, replica, clock) if replica else PostgresRideReader(database)
    cities = PostgresCities(database, city_files, clock, time.monotonic)
    edit_policies = EditPolicies(reader, cities)
    cells, maps = H3Cells(), build_maps(settings, cities, known, database, clock)
    locations, reads = RedisLiveLocations(redis), PostgresDispatchReads(database)
    return Stores(
        database=database,
        redis=redis,
        relay_wakeup=relay_wakeup,
        maps=maps,
        cities=cities,
        archive=PostgresPolicyArchive(database),
        cells=cells,
        surge=RedisSurge(redis, cells),
        surge_reads=PostgresSurge(database),
        clock=clock,
        new_id=new_id,
        store=store,
        reader=reader,
        reads=reads,
        shifts=PostgresShiftReader(database),
        shares=PostgresShares(database),
        ratings=PostgresRatings(database),
        traces=PostgresTraces(database),
        mds=ReplicatedMdsReader(database, replica) if replica else PostgresMdsReader(database),
        fleet=PostgresFleet(database),
        queue=queue,
        quotes=PostgresQuotes(database),
        promotions=PostgresPromotions(database, time.monotonic),
        locations=locations,
        eta=maps.eta,
        saga=AdvanceSaga(store, queue, payments, clock, jitter, follow=follow),
        edits=AdvanceEdits(store, PostgresEditQueue(database), payments, edit_policies, clock, jitter, follow=follow),
        refunds=AdvanceRefunds(store, PostgresRefundQueue(database), payments, clock, jitter),
        edit_policies=edit_policies,
        free_drivers=SnapshotFreeDrivers(locations, reads, reads, clock, time.monotonic),
        accounts=accounts,
        watch_policy=WatchPolicy(
            corridor_meters=settings.matching_trip_corridor_meters,
            corridor_share=settings.matching_trip_corridor_share,
            stray_seconds=settings.matching_trip_stray_seconds,
            still_meters=settings.matching_trip_still_meters,
            still_seconds=settings.matching_trip_still_seconds,
            near_meters=settings.matching_trip_near_meters,
        ),
    )
