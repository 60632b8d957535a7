"""The composition root: the only file that names concrete classes."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from redis.asyncio import Redis

from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.dead_letter_servicer import SERVICE_NAME as DEAD_LETTER_SERVICE
from chassis.dead_letter_servicer import DeadLetterServicer
from chassis.dead_letters import DeadLetters
from chassis.idempotency import KEEP_SECONDS as KEYS_KEEP_SECONDS
from chassis.inbox import KEEP_SECONDS as INBOX_KEEP_SECONDS
from chassis.letters import LetterWriter
from chassis.outbox import KEEP_SECONDS as EVENTS_KEEP_SECONDS
from chassis.personal_data import SERVICE_NAME as PERSONAL_DATA_SERVICE
from chassis.personal_data import PersonalDataServicer
from chassis.redis_client import open_redis, ping
from chassis.relay import OutboxRelay
from chassis.retention import Keep, trim_forever
from chassis.revisions import head_revision
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from chassis.streams import EventConsumer
from chassis.telemetry import follow
from matching_service.adapters import tables
from matching_service.adapters.city_file import load_cities, read_document
from matching_service.adapters.coarse_places import coarse
from matching_service.adapters.free_drivers import SnapshotFreeDrivers
from matching_service.adapters.h3_cells import DESTINATION_RESOLUTION, H3Cells
from matching_service.adapters.identity_client import IdentityClient
from matching_service.adapters.payment_client import PaymentClient
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_after_rides import PostgresRatings, PostgresShares
from matching_service.adapters.postgres_cities import PostgresCities, PostgresPolicyArchive
from matching_service.adapters.postgres_complaints import PostgresComplaints, PostgresRefundQueue
from matching_service.adapters.postgres_destinations import PostgresDestinations
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.adapters.postgres_edits import PostgresEditQueue
from matching_service.adapters.postgres_fleet import PostgresFleet
from matching_service.adapters.postgres_mds import PostgresMdsReader
from matching_service.adapters.postgres_promotions import PostgresPromotions
from matching_service.adapters.postgres_quotes import PostgresQuotes
from matching_service.adapters.postgres_reads import PostgresRideReader
from matching_service.adapters.postgres_runs import PostgresSharedRuns
from matching_service.adapters.postgres_saga import PostgresSagaQueue
from matching_service.adapters.postgres_shards import PostgresShardLeases
from matching_service.adapters.postgres_shifts import PostgresShiftReader
from matching_service.adapters.postgres_surge import PostgresSurge
from matching_service.adapters.postgres_traces import PostgresTraces
from matching_service.adapters.postgres_trip_watch import PostgresTripAlerts, PostgresTripWatches
from matching_service.adapters.redis_dispatch import RedisReservations
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.redis_surge import RedisSurge
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.adapters.scipy_nearest import ScipyNearest
from matching_service.adapters.shard_cells import shards_within
from matching_service.bootstrap_maps import add_map_work, build_maps
from matching_service.domain.trip_watch import WatchPolicy
from matching_service.entrypoints import (
    grpc_after_rides,
    grpc_cities,
    grpc_complaints,
    grpc_drivers,
    grpc_fleet,
    grpc_mds,
    grpc_operators,
    grpc_products,
    grpc_promotions,
    grpc_rides,
    wire,
)
from matching_service.entrypoints.destination_worker import learn_values_forever
from matching_service.entrypoints.dispatch_worker import DispatchWorker
from matching_service.entrypoints.event_consumer import EVENT_TYPES, STREAMS, EventHandler
from matching_service.entrypoints.location_streams import LocationStreams, count_pings
from matching_service.entrypoints.workers import sweep_forever, watch_saga_forever
from matching_service.settings import SERVICE, MatchingSettings
from matching_service.use_cases.accept_offer import AcceptOffer
from matching_service.use_cases.advance_edits import AdvanceEdits
from matching_service.use_cases.advance_saga import AdvanceSaga
from matching_service.use_cases.arrive_at_pickup import ArriveAtPickup
from matching_service.use_cases.cancel_assignment import CancelAssignment
from matching_service.use_cases.cancel_ride import CancelRide
from matching_service.use_cases.change_shift import ChangeShift
from matching_service.use_cases.city_policies import ReadCityPolicies
from matching_service.use_cases.close_searches import CloseSearches
from matching_service.use_cases.collect_order import CollectOrder
from matching_service.use_cases.complete_trip import CompleteTrip
from matching_service.use_cases.compute_surge import ComputeSurge
from matching_service.use_cases.control_surge import ControlSurge, ReadSurge
from matching_service.use_cases.create_quotes import CreateQuotes
from matching_service.use_cases.decide_complaints import AdvanceRefunds, DecideComplaint
from matching_service.use_cases.decide_edits import AcceptRideEdit, AnswerRideEdit, ReadRideEdit
from matching_service.use_cases.decline_offer import DeclineOffer
from matching_service.use_cases.dispatch_choice import Choose
from matching_service.use_cases.dispatch_picture import DrawPicture
from matching_service.use_cases.dispatch_ports import EtaProvider
from matching_service.use_cases.dispatch_tick import DispatchTick
from matching_service.use_cases.driver_worth import KnowWorth
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.end_due_shifts import EndDueShifts
from matching_service.use_cases.end_shift import EndShift
from matching_service.use_cases.expire_offers import ExpireOffers
from matching_service.use_cases.explain_dispatch import ExplainDispatch
from matching_service.use_cases.export_mds import ExportMds
from matching_service.use_cases.fail_delivery import FailDelivery
from matching_service.use_cases.find_joins import FindJoins
from matching_service.use_cases.force_cancel_ride import ForceCancelRide
from matching_service.use_cases.get_ride_location import GetRideLocation
from matching_service.use_cases.hand_over_order import HandOverOrder
from matching_service.use_cases.keep_driver_standing import KeepDriverStanding
from matching_service.use_cases.keep_schedules import KeepSchedules
from matching_service.use_cases.keep_shards import KeepShards
from matching_service.use_cases.learn_destination_values import LearnDestinationValues
from matching_service.use_cases.list_nearby_drivers import ListNearbyDrivers
from matching_service.use_cases.list_products import ListProducts
from matching_service.use_cases.list_service_areas import ListServiceAreas
from matching_service.use_cases.list_shifts import ListShifts
from matching_service.use_cases.list_trip_alerts import ListTripAlerts
from matching_service.use_cases.make_offers import MakeOffers
from matching_service.use_cases.manage_promotions import CreatePromotion, EndPromotion, ReadPromotions
from matching_service.use_cases.pace_ticks import PaceTicks
from matching_service.use_cases.pass_stops import LeaveStop, ReachStop
from matching_service.use_cases.preview_cancellation import PreviewCancellation
from matching_service.use_cases.put_city_policy import PutCityPolicy
from matching_service.use_cases.quote_ride_edit import QuoteRideEdit
from matching_service.use_cases.raise_complaint import RaiseComplaint, ReadComplaints
from matching_service.use_cases.rate_rides import RateRide, ReadRating
from matching_service.use_cases.read_ride_route import ReadRideRoute
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.reassign_ride import ReassignRide
from matching_service.use_cases.redeem_promotion import ListRedemptions, RedeemPromotion
from matching_service.use_cases.report_locations import ReportLocations
from matching_service.use_cases.report_no_show import ReportNoShow
from matching_service.use_cases.request_ride import RequestRide
from matching_service.use_cases.reroute_drivers import RerouteDrivers
from matching_service.use_cases.return_order import ReturnOrder
from matching_service.use_cases.share_rides import ReadSharedRide, ShareRide
from matching_service.use_cases.start_shift import StartShift
from matching_service.use_cases.start_trip import StartTrip
from matching_service.use_cases.stop_unapproved_driver import StopUnapprovedDriver
from matching_service.use_cases.take_break import TakeBreak
from matching_service.use_cases.trace_ticks import TraceTicks
from matching_service.use_cases.watch_drivers import WatchDrivers
from matching_service.use_cases.watch_fleet import FeelPulse, LookAtFleet
from matching_service.use_cases.watch_trips import WatchTrips
from ridesharing.common.v1.dead_letter_service_pb2_grpc import add_DeadLetterServiceServicer_to_server
from ridesharing.common.v1.personal_data_service_pb2_grpc import add_PersonalDataServiceServicer_to_server
from ridesharing.matching.v1.city_service_pb2_grpc import add_CityServiceServicer_to_server
from ridesharing.matching.v1.complaint_service_pb2_grpc import add_ComplaintServiceServicer_to_server
from ridesharing.matching.v1.dispatch_operator_service_pb2_grpc import add_DispatchOperatorServiceServicer_to_server
from ridesharing.matching.v1.driver_service_pb2_grpc import add_DriverServiceServicer_to_server
from ridesharing.matching.v1.fleet_service_pb2_grpc import add_FleetServiceServicer_to_server
from ridesharing.matching.v1.mds_service_pb2_grpc import add_MdsServiceServicer_to_server
from ridesharing.matching.v1.product_service_pb2_grpc import add_ProductServiceServicer_to_server
from ridesharing.matching.v1.promotion_service_pb2_grpc import add_PromotionServiceServicer_to_server
from ridesharing.matching.v1.rating_service_pb2_grpc import add_RatingServiceServicer_to_server
from ridesharing.matching.v1.ride_service_pb2_grpc import add_RideServiceServicer_to_server
from ridesharing.matching.v1.share_service_pb2_grpc import add_ShareServiceServicer_to_server
from shared_kernel.clock import SystemClock
from shared_kernel.ids import Uuid7Source

EVENT_STREAM = "events:matching"
QUOTES_KEEP_SECONDS = 7 * 86_400
HEADINGS_KEEP_SECONDS = 2 * 86_400
TRACES_KEEP_SECONDS = 3 * 86_400
TRIES_KEEP_SECONDS = 86_400
MATCHERS_KEEP_SECONDS = 86_400
SHARES_KEEP_SECONDS = 86_400
IDLE_IN_TRANSACTION_SECONDS = 5.0
"""No transaction of this service waits for anything but the database: one that idles belongs to a process that was
stopped, and holds up a ride, a driver and a shard."""
SWEEP_LIMIT = 64
TRIPS_CHORE = "watch over trips under way"
TRIPS_LIMIT = 2_000
"""So many trips are looked at in one go: about as many as a city of ten thousand drivers has under way."""
WATCHES_KEEP_SECONDS = 2 * 86_400
ALERTS_KEEP_SECONDS = 30 * 86_400
WATCH_CHORE = "watch over silent drivers"
"""One matcher is enough to read all shifts and all locations every five seconds."""


@dataclass(frozen=True, slots=True)
class _Stores:
    """What rides, offers and dispatch stand on."""

    database: Database
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


class Application(NamedTuple):
    """The service put together."""

    server: ServiceServer
    workers: Workers
    closers: list[Callable[[], Awaitable[object]]]


def build(settings: MatchingSettings) -> Application:
    """Put the service together; call it inside the event loop that it will run on."""
    database = Database(
        settings.matching_database_url,
        pool_size=settings.matching_database_connections,
        name=SERVICE,
        idle_in_transaction_seconds=IDLE_IN_TRANSACTION_SECONDS,
    )
    redis = open_redis(settings.redis_url)
    signer = TokenSigner.from_dir(settings.signing_keys_dir, SERVICE)
    payment_channel = open_channel(settings.payment_target, signer)
    identity_channel = open_channel(settings.identity_target, signer)
    closers: list[Callable[[], Awaitable[object]]] = [
        payment_channel.close,
        identity_channel.close,
        redis.aclose,
        database.dispose,
    ]
    clock, new_id, relay_wakeup = SystemClock(), Uuid7Source(), Wakeup()
    store = PostgresStore(database, wire.event_message, clock, new_id, relay_wakeup)
    queue = PostgresSagaQueue(database)
    jitter = random.Random()  # noqa: S311 (jitter is no secret)
    city_files = load_cities(settings.matching_city_file)
    known = [file.policy for file in city_files]
    payments = PaymentClient(payment_channel)
    reader, cities = PostgresRideReader(database), PostgresCities(database, city_files, clock, time.monotonic)
    edit_policies = EditPolicies(reader, cities)
    locations, reads = RedisLiveLocations(redis), PostgresDispatchReads(database)
    stores = _Stores(
        database=database,
        cities=cities,
        archive=PostgresPolicyArchive(database),
        cells=(cells := H3Cells()),
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
        mds=PostgresMdsReader(database),
        fleet=PostgresFleet(database),
        queue=queue,
        quotes=PostgresQuotes(database, tables.quotes),
        promotions=PostgresPromotions(database, time.monotonic),
        locations=locations,
        eta=(maps := build_maps(settings, cities, known, database, clock)).eta,
        saga=AdvanceSaga(store, queue, payments, clock, jitter, follow=follow),
        edits=AdvanceEdits(store, PostgresEditQueue(database), payments, edit_policies, clock, jitter, follow=follow),
        refunds=AdvanceRefunds(store, PostgresRefundQueue(database), payments, clock, jitter),
        edit_policies=edit_policies,
        free_drivers=SnapshotFreeDrivers(locations, reads, clock, time.monotonic),
        accounts=IdentityClient(identity_channel),
        watch_policy=WatchPolicy(
            corridor_meters=settings.matching_trip_corridor_meters,
            corridor_share=settings.matching_trip_corridor_share,
            stray_seconds=settings.matching_trip_stray_seconds,
            still_meters=settings.matching_trip_still_meters,
            still_seconds=settings.matching_trip_still_seconds,
            near_meters=settings.matching_trip_near_meters,
        ),
    )
    relay = OutboxRelay(database, tables.outbox, redis, EVENT_STREAM, relay_wakeup)
    matcher = ScipyMatcher()
    closers += [matcher.close, *maps.closers]
    workers = _workers(database, redis, relay, stores, matcher)
    dead_letters = DeadLetters(database, tables.dead_letters)
    handler = EventHandler(StopUnapprovedDriver(store, stores.accounts, clock), KeepDriverStanding(store, clock))
    consumer = EventConsumer(redis, STREAMS, SERVICE, socket.gethostname(), handler, dead_letters, EVENT_TYPES)
    workers.add("event consumer", consumer.run)
    head = head_revision("matching_service")
    server = ServiceServer(
        settings,
        TokenVerifier.from_file(settings.jwks_file),
        workers=workers,
        probes=[("database", lambda: database.schema_suffices(head)), ("redis", lambda: ping(redis))],
        closers=closers,
    )
    _add_servicers(server, settings, stores)
    add_map_work(maps, ReadRideRoute(stores.reader, stores.locations, stores.eta, clock), workers, server)
    server.add(add_DeadLetterServiceServicer_to_server, DeadLetterServicer(dead_letters), DEAD_LETTER_SERVICE)
    return Application(server, workers, closers)


def _workers(database: Database, redis: Redis, relay: OutboxRelay, stores: _Stores, matcher: ScipyMatcher) -> Workers:
    store, reader, clock = stores.store, stores.reader, stores.clock
    destinations = PostgresDestinations(database)
    learn_values = LearnDestinationValues(
        stores.cities, destinations, destinations, H3Cells(DESTINATION_RESOLUTION), clock
    )
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
        choose=Choose(stores.eta, matcher, time.monotonic),
        reservations=RedisReservations(redis),
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
        Keep(tables.quotes, "expires_at", QUOTES_KEEP_SECONDS),
        Keep(tables.shift_headings, "set_at", HEADINGS_KEEP_SECONDS),
        Keep(tables.dispatch_traces, "ticked_at", TRACES_KEEP_SECONDS),
        Keep(tables.ride_shares, "expires_at", SHARES_KEEP_SECONDS),
        Keep(tables.trip_watches, "began_at", WATCHES_KEEP_SECONDS),
        Keep(tables.trip_alerts, "raised_at", ALERTS_KEEP_SECONDS),
        Keep(tables.promotion_tries, "window_began_at", TRIES_KEEP_SECONDS),
        Keep(tables.matchers, "expires_at", MATCHERS_KEEP_SECONDS),
    ]
    workers = Workers()
    workers.add("outbox relay", relay.run)
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
    return workers


def _add_servicers(server: ServiceServer, settings: MatchingSettings, stores: _Stores) -> None:
    store, clock, new_id = stores.store, stores.clock, stores.new_id
    read_rides = ReadRides(stores.reader)
    secret = random.SystemRandom()
    rides = grpc_rides.RideServicer(
        create_quotes=CreateQuotes(
            cities=stores.cities,
            eta=stores.eta,
            free_drivers=stores.free_drivers,
            quotes=stores.quotes,
            clock=clock,
            new_id=new_id,
            surge=stores.surge,
            promotions=stores.promotions,
        ),
        request_ride=RequestRide(
            store, stores.reader, stores.quotes, stores.accounts, stores.saga, stores.cities, clock, new_id, secret
        ),
        read_rides=read_rides,
        get_ride_location=GetRideLocation(stores.reads, stores.locations, clock),
        list_nearby_drivers=ListNearbyDrivers(stores.free_drivers),
        preview_cancellation=PreviewCancellation(store, clock, secret),
        cancel_ride=CancelRide(store, clock),
        edits=grpc_rides.Edits(
            QuoteRideEdit(store, stores.reader, stores.edit_policies, stores.eta, stores.locations, clock, new_id),
            AcceptRideEdit(store, stores.reader, stores.edit_policies, stores.edits, clock),
            ReadRideEdit(stores.reader),
        ),
    )
    report_locations = ReportLocations(
        cities=stores.cities,
        on_shift=stores.reads,
        locations=stores.locations,
        clock=clock,
        monotonic=time.monotonic,
        max_pings_per_second=settings.matching_pings_per_second,
        observe=count_pings,
        max_speed_kmh=settings.matching_max_speed_kmh,
    )
    locations = LocationStreams(report_locations)
    server.when_leaving(locations.leave)
    drivers = grpc_drivers.DriverServicer(
        start_shift=StartShift(store, stores.accounts, clock, new_id),
        end_shift=EndShift(store, clock),
        take_break=TakeBreak(store, clock),
        change_shift=ChangeShift(store, clock),
        read_rides=read_rides,
        locations=locations,
        accept_offer=AcceptOffer(store, clock, new_id),
        decline_offer=DeclineOffer(store, clock),
        arrive_at_pickup=ArriveAtPickup(store, clock),
        start_trip=StartTrip(store, clock),
        reach_stop=ReachStop(store, clock),
        leave_stop=LeaveStop(store, clock),
        collect_order=CollectOrder(store, clock),
        hand_over_order=HandOverOrder(store, clock),
        fail_delivery=FailDelivery(store, clock),
        return_order=ReturnOrder(store, clock),
        answer_ride_edit=AnswerRideEdit(store, stores.reader, stores.edit_policies, stores.edits, clock),
        complete_trip=CompleteTrip(store, clock),
        cancel_assignment=CancelAssignment(store, clock),
        report_no_show=ReportNoShow(store, clock),
    )
    operators = grpc_operators.DispatchOperatorServicer(
        read_rides=read_rides,
        force_cancel_ride=ForceCancelRide(store, clock),
        reassign_ride=ReassignRide(store, clock),
        list_shifts=ListShifts(stores.shifts),
        explain=ExplainDispatch(stores.reader, stores.traces),
    )
    mds = ExportMds(stores.mds, stores.shifts, stores.locations, coarse, settings.matching_mds_provider_id, clock)
    server.add(add_MdsServiceServicer_to_server, grpc_mds.MdsServicer(mds), grpc_mds.SERVICE_NAME)
    server.add(add_RideServiceServicer_to_server, rides, grpc_rides.SERVICE_NAME)
    server.add(add_DriverServiceServicer_to_server, drivers, grpc_drivers.SERVICE_NAME)
    server.add(add_DispatchOperatorServiceServicer_to_server, operators, grpc_operators.SERVICE_NAME)
    cities = grpc_cities.CityServicer(
        read=ReadCityPolicies(stores.cities, stores.archive, read_document),
        put=PutCityPolicy(store, stores.archive, read_document, clock),
        read_surge=ReadSurge(stores.cities, stores.surge_reads, stores.surge, stores.cells),
        control_surge=ControlSurge(stores.cities, store, stores.surge, clock),
    )
    server.add(add_CityServiceServicer_to_server, cities, grpc_cities.SERVICE_NAME)
    # Events lie in the outbox and in Redis for a day, and a link opens to whoever has it.
    to_notification = LetterWriter.from_file(settings.jwks_file, "notification")
    shares = grpc_after_rides.ShareServicer(
        ShareRide(
            store,
            stores.reader,
            stores.shares,
            clock,
            lambda: secrets.token_urlsafe(24),
            lambda token, ride_id: to_notification.seal(token, ride_id.bytes),
        ),
        ReadSharedRide(stores.reader, stores.shares, stores.locations, clock),
    )
    ratings = grpc_after_rides.RatingServicer(
        RateRide(stores.reader, stores.ratings, clock), ReadRating(stores.ratings)
    )
    server.add(add_ShareServiceServicer_to_server, shares, grpc_after_rides.SHARE_SERVICE)
    server.add(add_RatingServiceServicer_to_server, ratings, grpc_after_rides.RATING_SERVICE)
    complaint_reads = PostgresComplaints(stores.database)
    complaints = grpc_complaints.ComplaintServicer(
        RaiseComplaint(store, complaint_reads, clock, new_id),
        ReadComplaints(complaint_reads, stores.reader),
        DecideComplaint(store, complaint_reads, stores.refunds, clock),
    )
    server.add(add_ComplaintServiceServicer_to_server, complaints, grpc_complaints.SERVICE_NAME)
    promotions = grpc_promotions.PromotionServicer(
        create=CreatePromotion(store, stores.promotions, stores.cities, clock, new_id),
        end=EndPromotion(store, stores.promotions, clock),
        read=ReadPromotions(stores.promotions),
        redeem=RedeemPromotion(store, clock),
        redemptions=ListRedemptions(stores.promotions),
        clock=clock,
    )
    server.add(add_PromotionServiceServicer_to_server, promotions, grpc_promotions.SERVICE_NAME)
    products = grpc_products.ProductServicer(ListProducts(stores.cities, clock), ListServiceAreas(stores.cities))
    server.add(add_ProductServiceServicer_to_server, products, grpc_products.SERVICE_NAME)
    server.add(
        add_PersonalDataServiceServicer_to_server,
        PersonalDataServicer(MatchingPersonalData(stores.database)),
        PERSONAL_DATA_SERVICE,
    )
    fleet = grpc_fleet.FleetServicer(
        LookAtFleet(stores.fleet, stores.locations, shards_within, clock),
        FeelPulse(stores.fleet, clock),
        ListTripAlerts(PostgresTripAlerts(stores.database)),
    )
    server.add(add_FleetServiceServicer_to_server, fleet, grpc_fleet.SERVICE_NAME)
