"""The composition root: the only file that names concrete classes."""

from __future__ import annotations

import random
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx

from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.dead_letter_servicer import SERVICE_NAME as DEAD_LETTER_SERVICE
from chassis.dead_letter_servicer import DeadLetterServicer
from chassis.dead_letters import DeadLetters
from chassis.inbox import KEEP_SECONDS
from chassis.personal_data import SERVICE_NAME as PERSONAL_DATA_SERVICE
from chassis.personal_data import PersonalDataServicer
from chassis.redis_client import open_redis, ping
from chassis.retention import Keep, trim_forever
from chassis.revisions import head_revision
from chassis.runtime import Workers
from chassis.server import ServiceServer
from chassis.streams import EventConsumer
from notification_service.adapters import people_tables, tables
from notification_service.adapters.identity_addresses import IdentityAddresses
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.adapters.postgres_timelines import PostgresTimelines
from notification_service.adapters.sms import SmsSender
from notification_service.adapters.sms_receipts import SmsReceipts
from notification_service.adapters.templates import TemplateFiles
from notification_service.bootstrap_delivery import add_workers, lanes_of, make_workers
from notification_service.domain.channels import Channel, Priority
from notification_service.entrypoints.delivery_servicer import SERVICE_NAME as DELIVERY_SERVICE
from notification_service.entrypoints.delivery_servicer import DeliveryServicer
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.entrypoints.event_consumer import EVENT_TYPES, STREAMS, EventHandler
from notification_service.entrypoints.grpc_servicer import SERVICE_NAME, NotificationServicer
from notification_service.entrypoints.reach_servicer import SERVICE_NAME as REACH_SERVICE
from notification_service.entrypoints.reach_servicer import ReachServicer
from notification_service.entrypoints.safety_servicer import SERVICE_NAME as SAFETY_SERVICE
from notification_service.entrypoints.safety_servicer import SafetyServicer
from notification_service.settings import SERVICE, NotificationSettings
from notification_service.use_cases.acknowledge_notification import AcknowledgeNotification
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.keep_devices import KeepDevices
from notification_service.use_cases.keep_preferences import KeepPreferences
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.mark_notification_read import MarkNotificationRead
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.raise_sos import ListSos, RaiseSos
from notification_service.use_cases.read_timeline import ReadTimeline
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.replay_delivery import ReplayDelivery
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from notification_service.use_cases.summarize_deliveries import SummarizeDeliveries
from notification_service.use_cases.take_sms_receipt import TakeSmsReceipt
from ridesharing.common.v1.dead_letter_service_pb2_grpc import add_DeadLetterServiceServicer_to_server
from ridesharing.common.v1.personal_data_service_pb2_grpc import add_PersonalDataServiceServicer_to_server
from ridesharing.notification.v1.delivery_service_pb2_grpc import add_DeliveryServiceServicer_to_server
from ridesharing.notification.v1.notification_service_pb2_grpc import add_NotificationServiceServicer_to_server
from ridesharing.notification.v1.reach_service_pb2_grpc import add_ReachServiceServicer_to_server
from ridesharing.notification.v1.safety_service_pb2_grpc import add_SafetyServiceServicer_to_server
from shared_kernel.clock import SystemClock
from shared_kernel.ids import Uuid7Source

NOTIFICATION_KEEP_SECONDS = 30 * 86_400
_SMS_CONNECTIONS = 150
"""More than all lanes of a channel have on their way at once: none waits for another's."""
_DATABASE_CONNECTIONS = 12


class Application(NamedTuple):
    """The service put together."""

    server: ServiceServer
    workers: Workers
    closers: list[Callable[[], Awaitable[object]]]


def build(settings: NotificationSettings) -> Application:
    """Put the service together; call it inside the event loop that it will run on."""
    clock, new_id = SystemClock(), Uuid7Source()
    database = Database(settings.notification_database_url, _DATABASE_CONNECTIONS, name=SERVICE)
    redis = open_redis(settings.redis_url)
    sms_client = httpx.AsyncClient(
        base_url=settings.notification_sms_url,
        auth=(settings.notification_sms_account, settings.notification_sms_token),
        timeout=settings.notification_sms_timeout_seconds,
        limits=httpx.Limits(max_connections=_SMS_CONNECTIONS),
    )
    closers: list[Callable[[], Awaitable[object]]] = [sms_client.aclose, redis.aclose, database.dispose]

    store = PostgresStore(database, new_id)
    templates = TemplateFiles()
    dead_letters = DeadLetters(database, tables.dead_letters)
    deliveries = PostgresDeliveries(database)
    jitter = random.Random()  # noqa: S311 (jitter is no secret)
    sms = SmsSender(
        sms_client,
        settings.notification_sms_account,
        settings.notification_sms_sender,
        status_url=settings.notification_sms_status_url,
    )
    identity_channel = open_channel(settings.identity_target, TokenSigner.from_dir(settings.signing_keys_dir, SERVICE))
    closers.insert(0, identity_channel.close)
    addresses = IdentityAddresses(identity_channel)
    delivering = make_workers(
        {Channel.STREAM: [LiveStreamSender(redis)], Channel.SMS: [sms]},
        deliveries,
        addresses,
        clock,
        jitter,
    )
    alarms = Alarms(lanes_of(delivering), deliveries, clock)
    handler = EventHandler(OweMessages(store, templates, clock, new_id), RememberLocale(store), alarms)
    consumer = EventConsumer(
        redis,
        STREAMS,
        SERVICE,
        socket.gethostname(),
        handler,
        dead_letters,
        EVENT_TYPES,
        handle_together=handler.take,
    )
    keeps = [
        Keep(tables.inbox_events, "consumed_at", KEEP_SECONDS),
        Keep(tables.notifications, "created_at", NOTIFICATION_KEEP_SECONDS),
        Keep(people_tables.devices, "removed_at", NOTIFICATION_KEEP_SECONDS),
    ]

    workers = Workers()
    workers.add("event consumer", consumer.run)
    add_workers(workers, delivering, alarms)
    workers.add("retention", lambda: trim_forever(database, keeps, clock))

    head = head_revision("notification_service")
    server = ServiceServer(
        settings,
        TokenVerifier.from_file(settings.jwks_file),
        workers=workers,
        probes=[("database", lambda: database.schema_is_current(head)), ("redis", lambda: ping(redis))],
        closers=closers,
    )
    servicer = NotificationServicer(
        send_one_time_code=SendOneTimeCode(store, templates, clock, new_id),
        list_notifications=ListNotifications(store),
        mark_notification_read=MarkNotificationRead(store, clock),
        summarize_deliveries=SummarizeDeliveries(store),
        alarms=alarms,
    )
    server.add(add_NotificationServiceServicer_to_server, servicer, SERVICE_NAME)
    people, timelines = PostgresPeople(database, new_id), PostgresTimelines(database)
    reach = ReachServicer(
        devices=KeepDevices(people, clock),
        preferences=KeepPreferences(people, clock),
        acknowledge=AcknowledgeNotification(store, clock),
    )
    safety_store = PostgresSafety(database, new_id)
    safety = SafetyServicer(
        contacts=KeepContacts(safety_store, clock),
        raise_sos=RaiseSos(safety_store, templates, addresses, clock, new_id),
        list_sos=ListSos(safety_store),
        wake=lambda: alarms.wake(Channel.SMS, Priority.SECURITY),
    )
    server.add(add_SafetyServiceServicer_to_server, safety, SAFETY_SERVICE)
    server.add(add_ReachServiceServicer_to_server, reach, REACH_SERVICE)
    receipts = SmsReceipts(settings.notification_sms_token, settings.notification_sms_status_url)
    delivery_servicer = DeliveryServicer(
        read_timeline=ReadTimeline(timelines, deliveries),
        replay_delivery=ReplayDelivery(timelines, clock),
        take_sms_receipt=TakeSmsReceipt(timelines, receipts, (sms.provider,), clock),
    )
    server.add(add_DeliveryServiceServicer_to_server, delivery_servicer, DELIVERY_SERVICE)
    server.add(add_DeadLetterServiceServicer_to_server, DeadLetterServicer(dead_letters), DEAD_LETTER_SERVICE)
    personal_data = NotificationPersonalData(database, redis, tables.metadata)
    server.add(add_PersonalDataServiceServicer_to_server, PersonalDataServicer(personal_data), PERSONAL_DATA_SERVICE)
    return Application(server, workers, closers)
