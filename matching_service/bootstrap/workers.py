"""What matching_service does by itself: dispatch, sweeps, watches and chores."""

from __future__ import annotations

import asyncio
import os
import socket
import time

from chassis.dead_letters import KEEP_SECONDS as DEAD_LETTERS_KEEP_SECONDS
from chassis.idempotency import KEEP_SECONDS as KEYS_KEEP_SECONDS
from chassis.inbox import KEEP_SECONDS as INBOX_KEEP_SECONDS
from chassis.outbox import KEEP_SECONDS as EVENTS_KEEP_SECONDS
from chassis.partitions import Partitioned, keep_partitions_forever
from chassis.retention import Keep, trim_forever
from chassis.runtime import Workers
from matching_service.adapters import tables
from matching_service.adapters.h3_cells import DESTINATION_RESOLUTION, H3Cells
from matching_service.adapters.postgres_destinations import PostgresDestinations
from matching_service.adapters.postgres_pickups import PostgresPickups
from matching_service.adapters.postgres_runs import PostgresSharedRuns
from matching_service.adapters.postgres_shards import PostgresShardLeases
from matching_service.adapters.postgres_trip_watch import PostgresTripWatches
from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.adapters.scipy_nearest import ScipyNearest
from matching_service.bootstrap.stores import Stores
from matching_service.entrypoints.destination_worker import learn_values_forever
from matching_service.entrypoints.dispatch_worker import DispatchWorker
from matching_service.entrypoints.workers import sweep_forever, watch_saga_forever
from matching_service.use_cases.close_searches import CloseSearches
from matching_service.use_cases.compute_surge import ComputeSurge
from matching_service.use_cases.dispatch_choice import Choose
from matching_service.use_cases.dispatch_picture import DrawPicture
from matching_service.use_cases.dispatch_tick import DispatchTick
from matching_service.use_cases.driver_worth import KnowWorth
from matching_service.use_cases.end_due_shifts import EndDueShifts
from matching_service.use_cases.expire_offers import ExpireOffers
from matching_service.use_cases.find_joins import FindJoins
from matching_service.use_cases.keep_schedules import KeepSchedules
from matching_service.use_cases.keep_shards import KeepShards
from matching_service.use_cases.learn_destination_values import LearnDestinationValues
from matching_service.use_cases.make_offers import MakeOffers
from matching_service.use_cases.pace_ticks import PaceTicks
from matching_service.use_cases.remind_of_ratings import RemindOfRatings
from matching_service.use_cases.reroute_drivers import RerouteDrivers
from matching_service.use_cases.search_streets import SearchStreets
from matching_service.use_cases.trace_ticks import TraceTicks
from matching_service.use_cases.watch_drivers import WatchDrivers
from matching_service.use_cases.watch_pickups import WatchPickups
from matching_service.use_cases.watch_trips import WatchTrips

QUOTES_KEEP_SECONDS = 7 * 86_400
HEADINGS_KEEP_SECONDS = 2 * 86_400
TRACES_KEEP_SECONDS = 3 * 86_400
TRIES_KEEP_SECONDS = 86_400
MATCHERS_KEEP_SECONDS = 86_400
SHARES_KEEP_SECONDS = 86_400
SWEEP_LIMIT = 64
TRIPS_CHORE = "watch over trips under way"
TRIPS_LIMIT = 2_000
"""So many trips are looked at in one go: about as many as a city of ten thousand drivers has under way."""
PICKUPS_CHORE = "watch over drivers on the way to pickups"
PICKUPS_LIMIT = 500
"""So many pickups are looked at in one go; only of those who may be in time is the way asked for."""
PICKUPS_SECONDS = 10.0
"""By so much later than it could be a rider is told: a twelfth of the two minutes that it is about."""
ARRIVALS_KEEP_SECONDS = 2 * 86_400
WATCHES_KEEP_SECONDS = 2 * 86_400
ALERTS_KEEP_SECONDS = 30 * 86_400
WATCH_CHORE = "watch over silent drivers"
"""One matcher is enough to read all shifts and all locations every five seconds."""


def build_workers(stores: Stores, matcher: ScipyMatcher, moves_keep_months: int) -> Workers:
    """Name each piece of work that goes on by itself; nothing runs yet."""
    database, store, reader, clock = stores.database, stores.store, stores.reader, stores.clock
    destinations = PostgresDestinations(database)
    learn_values = LearnDestinationValues(
        stores.cities, destinations, destinations, H3Cells(DESTINATION_RESOLUTION), clock
    )
    quickest = stores.maps.quickest
    tick = DispatchTick(
        draw=DrawPicture(
            cities=stores.cities,
            waiting=stores.reads,
            en_route=stores.reads,
            locations=stores.locations,
            busy=stores.reads,
            on_shift=stores.reads,
            standings=stores.reads,
            headings=stores.reads,
            eta=stores.eta,
            runs=PostgresSharedRuns(database),
            find_joins=FindJoins(stores.eta, clock),
            know_worth=KnowWorth(stores.reads, learn_values, time.monotonic),
            clock=clock,
        ),
        choose=Choose(stores.eta, matcher, time.monotonic, SearchStreets(quickest) if quickest else None),
        reservations=RedisReservations(stores.redis),
        offers=MakeOffers(store, clock, stores.new_id),
        rerouter=RerouteDrivers(store, clock),
        trace=TraceTicks(stores.traces, ScipyNearest(), clock),
    )
    shards = KeepShards(
        PostgresShardLeases(database), time.monotonic, stores.new_id(), f"{socket.gethostname()}:{os.getpid()}"
    )
    dispatch = DispatchWorker(
        tick=tick,
        shards=shards,
        locations=stores.locations,
        clock=clock,
        pace=PaceTicks(stores.cities, asyncio.get_running_loop().time),
    )
    schedules = KeepSchedules(store, reader, stores.edit_policies, stores.free_drivers, stores.eta, clock)
    expire_offers, close_searches = ExpireOffers(store, reader, clock), CloseSearches(store, reader, clock)
    keeps = [
        Keep(tables.outbox, "published_at", EVENTS_KEEP_SECONDS),
        Keep(tables.idempotency_keys, "claimed_at", KEYS_KEEP_SECONDS),
        Keep(tables.inbox_events, "consumed_at", INBOX_KEEP_SECONDS),
        Keep(tables.dead_letters, "parked_at", DEAD_LETTERS_KEEP_SECONDS),
        Keep(tables.quotes, "expires_at", QUOTES_KEEP_SECONDS),
        Keep(tables.shift_headings, "set_at", HEADINGS_KEEP_SECONDS),
        Keep(tables.dispatch_traces, "ticked_at", TRACES_KEEP_SECONDS),
        Keep(tables.ride_shares, "expires_at", SHARES_KEEP_SECONDS),
        Keep(tables.trip_watches, "began_at", WATCHES_KEEP_SECONDS),
        Keep(tables.told_arrivals, "told_at", ARRIVALS_KEEP_SECONDS),
        Keep(tables.trip_alerts, "raised_at", ALERTS_KEEP_SECONDS),
        Keep(tables.promotion_tries, "window_began_at", TRIES_KEEP_SECONDS),
        Keep(tables.matchers, "expires_at", MATCHERS_KEEP_SECONDS),
    ]
    workers = Workers()
    workers.add("dispatch", dispatch.run)
    workers.add("saga", lambda: sweep_forever("saga", stores.saga, limit=SWEEP_LIMIT, period_seconds=0.25))
    workers.add("schedules", lambda: sweep_forever("schedules", schedules, limit=SWEEP_LIMIT, period_seconds=1.0))
    workers.add("edits", lambda: sweep_forever("edits", stores.edits, limit=SWEEP_LIMIT, period_seconds=0.5))
    workers.add("refunds", lambda: sweep_forever("refunds", stores.refunds, limit=SWEEP_LIMIT, period_seconds=1.0))
    workers.add("offers", lambda: sweep_forever("offers", expire_offers, limit=SWEEP_LIMIT, period_seconds=0.5))
    workers.add("searches", lambda: sweep_forever("searches", close_searches, limit=SWEEP_LIMIT, period_seconds=1.0))
    due_shifts = EndDueShifts(store, stores.shifts, stores.locations, clock)
    workers.add("shifts", lambda: sweep_forever("shifts", due_shifts, limit=SWEEP_LIMIT, period_seconds=1.0))
    watch_drivers = WatchDrivers(store, stores.shifts, stores.locations, clock, lambda: shards.has_chore(WATCH_CHORE))
    workers.add("silence", lambda: sweep_forever("silence", watch_drivers, limit=SWEEP_LIMIT, period_seconds=5.0))
    trips = WatchTrips(
        store,
        PostgresTripWatches(database),
        stores.locations,
        stores.watch_policy,
        clock,
        stores.new_id,
        lambda: shards.has_chore(TRIPS_CHORE),
    )
    workers.add("trips", lambda: sweep_forever("trips", trips, limit=TRIPS_LIMIT, period_seconds=15.0))
    pickups = WatchPickups(
        store,
        PostgresPickups(database),
        stores.locations,
        stores.eta,
        clock,
        lambda: shards.has_chore(PICKUPS_CHORE),
    )
    workers.add(
        "pickups", lambda: sweep_forever("pickups", pickups, limit=PICKUPS_LIMIT, period_seconds=PICKUPS_SECONDS)
    )
    ratings = RemindOfRatings(store, reader, clock)
    workers.add("ratings", lambda: sweep_forever("ratings", ratings, limit=SWEEP_LIMIT, period_seconds=5.0))
    compute_surge = ComputeSurge(
        cities=stores.cities,
        demand=stores.surge_reads,
        controls=stores.surge_reads,
        locations=stores.locations,
        busy=stores.reads,
        on_shift=stores.reads,
        board=stores.surge,
        cells=stores.cells,
        clock=clock,
        holder=f"{socket.gethostname()}:{os.getpid()}",
    )
    workers.add("surge", lambda: sweep_forever("surge", compute_surge, limit=SWEEP_LIMIT, period_seconds=1.0))
    workers.add("destinations", lambda: learn_values_forever(learn_values))
    workers.add("saga watch", lambda: watch_saga_forever(stores.queue.oldest_owed_at, clock))
    workers.add("retention", lambda: trim_forever(database, keeps, clock))
    moves = Partitioned(tables.ride_transitions, moves_keep_months, append_only=True)
    words = Partitioned(tables.ride_words, moves_keep_months)
    workers.add("partitions", lambda: keep_partitions_forever(database, [moves, words], clock))
    return workers
