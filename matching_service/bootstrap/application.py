"""The service put together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.dead_letter_servicer import SERVICE_NAME as DEAD_LETTER_SERVICE
from chassis.dead_letter_servicer import DeadLetterServicer
from chassis.dead_letters import DeadLetters
from chassis.redis_client import open_redis, ping
from chassis.relay import OutboxRelay
from chassis.replica import Replica
from chassis.revisions import head_revision
from chassis.runtime import Workers
from chassis.server import ServiceServer
from chassis.streams import EventConsumer
from chassis.tls import certificates_for
from matching_service.adapters import tables
from matching_service.adapters.identity_client import IdentityClient
from matching_service.adapters.payment_client import PaymentClient
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.bootstrap.maps import add_map_work
from matching_service.bootstrap.servicers import add_servicers
from matching_service.bootstrap.stores import IDLE_IN_TRANSACTION_SECONDS, build_stores
from matching_service.bootstrap.workers import build_workers
from matching_service.entrypoints.event_consumer import EVENT_TYPES, STREAMS, EventHandler
from matching_service.settings import SERVICE, MatchingSettings
from matching_service.use_cases.keep_driver_standing import KeepDriverStanding
from matching_service.use_cases.read_ride_route import ReadRideRoute
from matching_service.use_cases.stop_unapproved_driver import StopUnapprovedDriver
from ridesharing.common.v1.dead_letter_service_pb2_grpc import add_DeadLetterServiceServicer_to_server

EVENT_STREAM = "events:matching"
EVENT_GROUPS = ("notification",)
"""Who takes the events in: what they have not is kept, also while they are away."""


class Application(NamedTuple):
    """The service put together."""

    server: ServiceServer
    workers: Workers
    closers: list[Callable[[], Awaitable[object]]]


REPLICA_CONNECTIONS = 4


def build(settings: MatchingSettings) -> Application:
    """Put the service together; call it inside the event loop that it will run on."""
    database = Database(
        settings.matching_database_url,
        pool_size=settings.matching_database_connections,
        name=SERVICE,
        idle_in_transaction_seconds=IDLE_IN_TRANSACTION_SECONDS,
        pooler=settings.database_pooler,
    )
    replica = _replica_of(settings)
    redis = open_redis(settings.redis_url)
    signer = TokenSigner.from_dir(settings.signing_keys_dir, SERVICE)
    certificates = certificates_for(settings)
    payment_channel = open_channel(settings.payment_target, signer, certificates)
    identity_channel = open_channel(settings.identity_target, signer, certificates)
    closers: list[Callable[[], Awaitable[object]]] = [
        payment_channel.close,
        identity_channel.close,
        redis.aclose,
        database.dispose,
    ]
    if replica is not None:
        closers.append(replica.database.dispose)
    payments, accounts = PaymentClient(payment_channel), IdentityClient(identity_channel)
    stores = build_stores(settings, database, redis, payments, accounts, replica)
    relay = OutboxRelay(database, tables.outbox, redis, EVENT_STREAM, stores.relay_wakeup, groups=EVENT_GROUPS)
    matcher = ScipyMatcher()
    closers += [matcher.close, *stores.maps.closers]
    workers = build_workers(stores, matcher, settings.matching_moves_keep_months)
    workers.add("outbox relay", relay.run)
    dead_letters = DeadLetters(database, tables.dead_letters)
    handler = EventHandler(
        StopUnapprovedDriver(stores.store, stores.accounts, stores.clock),
        KeepDriverStanding(stores.store, stores.clock),
    )
    consumer = EventConsumer(redis, STREAMS, SERVICE, settings.replica_name, handler, dead_letters, EVENT_TYPES)
    workers.add("event consumer", consumer.run)
    head = head_revision("matching_service")
    server = ServiceServer(
        settings,
        TokenVerifier.from_file(settings.jwks_file),
        workers=workers,
        probes=[("database", lambda: database.schema_suffices(head)), ("redis", lambda: ping(redis))],
        closers=closers,
    )
    add_servicers(server, settings, stores)
    route = ReadRideRoute(stores.reader, stores.locations, stores.eta, stores.clock)
    add_map_work(stores.maps, route, workers, server)
    server.add(add_DeadLetterServiceServicer_to_server, DeadLetterServicer(dead_letters), DEAD_LETTER_SERVICE)
    return Application(server, workers, closers)


def _replica_of(settings: MatchingSettings) -> Replica | None:
    if settings.matching_read_database_url is None:
        return None
    database = Database(
        settings.matching_read_database_url,
        REPLICA_CONNECTIONS,
        name=f"{SERVICE} replica",
        pool_timeout_seconds=0.5,  # the primary answers as well
        pooler=settings.database_pooler,
    )
    return Replica(database, time.monotonic)
