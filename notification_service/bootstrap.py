"""The composition root: the only file that names concrete classes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.dead_letter_servicer import SERVICE_NAME as DEAD_LETTER_SERVICE
from chassis.dead_letter_servicer import DeadLetterServicer
from chassis.dead_letters import KEEP_SECONDS as DEAD_LETTERS_KEEP_SECONDS
from chassis.dead_letters import DeadLetters
from chassis.inbox import KEEP_SECONDS
from chassis.letters import LetterReader
from chassis.personal_data import SERVICE_NAME as PERSONAL_DATA_SERVICE
from chassis.personal_data import PersonalDataServicer
from chassis.redis_client import open_redis, open_redis_for_batches, open_redis_for_reading, ping
from chassis.retention import Keep, trim_forever
from chassis.revisions import head_revision
from chassis.runtime import Workers
from chassis.seals import KeyRing
from chassis.server import ServiceServer
from chassis.streams import EventConsumer
from chassis.tls import certificates_for
from notification_service.adapters import people_tables, tables, webhook_tables
from notification_service.adapters.identity_addresses import IdentityAddresses
from notification_service.adapters.live_stream import LiveStreamSender
from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_deliveries import PostgresDeliveries
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.adapters.provider_file import Providers, Twilio, read_providers
from notification_service.adapters.providers import OpenProviders, open_providers
from notification_service.adapters.sealed_words import OpeningSender, WordSeals
from notification_service.adapters.sms_receipts import SmsReceipts, accounts_of
from notification_service.adapters.templates import TemplateFiles
from notification_service.bootstrap_campaigns import Campaigns
from notification_service.bootstrap_delivery import add_workers, lanes_of, make_workers
from notification_service.bootstrap_live import LiveStreams
from notification_service.bootstrap_people import add_delivery_service, add_reach_service, add_safety_service
from notification_service.bootstrap_webhooks import Webhooks
from notification_service.domain.channels import Channel, Priority
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.entrypoints.event_consumer import EVENT_TYPES, STREAMS, EventHandler
from notification_service.entrypoints.grpc_servicer import SERVICE_NAME, NotificationServicer
from notification_service.entrypoints.template_servicer import SERVICE_NAME as TEMPLATE_SERVICE
from notification_service.entrypoints.template_servicer import TemplateServicer
from notification_service.settings import SERVICE, NotificationSettings
from notification_service.use_cases.close_code import CloseCode
from notification_service.use_cases.end_sign_in import EndSignIn
from notification_service.use_cases.forget_bounces import ForgetBounces
from notification_service.use_cases.hand_over import HandOver
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.mark_notification_read import MarkNotificationRead
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.preview_template import ListTemplates, PreviewTemplate
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.send_one_time_code import Seal, SendOneTimeCode
from notification_service.use_cases.summarize_deliveries import SummarizeDeliveries
from notification_service.use_cases.tell_contacts import TellContacts
from ridesharing.common.v1.dead_letter_service_pb2_grpc import add_DeadLetterServiceServicer_to_server
from ridesharing.common.v1.personal_data_service_pb2_grpc import add_PersonalDataServiceServicer_to_server
from ridesharing.notification.v1.notification_service_pb2_grpc import add_NotificationServiceServicer_to_server
from ridesharing.notification.v1.template_service_pb2_grpc import add_TemplateServiceServicer_to_server
from shared_kernel.clock import Clock, SystemClock
from shared_kernel.ids import Uuid7Source

NOTIFICATION_KEEP_SECONDS = 30 * 86_400
ENDED_SIGN_IN_KEEP_SECONDS = 86_400
"""Far longer than the ten minutes in which an access token of one may still count."""


class Application(NamedTuple):
    """The service put together."""

    server: ServiceServer
    workers: Workers
    closers: list[Callable[[], Awaitable[object]]]


def build(settings: NotificationSettings) -> Application:
    """Put the service together; call it inside the event loop that it will run on."""
    clock, new_id = SystemClock(), Uuid7Source()
    database = Database(
        settings.notification_database_url,
        settings.notification_database_pool_size,
        name=SERVICE,
        pooler=settings.database_pooler,
    )
    redis, live = open_redis(settings.redis_url), open_redis_for_batches(settings.redis_url)
    reader = open_redis_for_reading(settings.redis_url)
    providers = _providers(settings)
    outside, seal = _outside(providers, settings.word_keys, clock)
    closers: list[Callable[[], Awaitable[object]]] = [
        *outside.closers,
        *(client.aclose for client in (reader, redis, live)),
        database.dispose,
    ]

    store = PostgresStore(database, new_id)
    templates = TemplateFiles()
    dead_letters = DeadLetters(database, tables.dead_letters)
    deliveries = PostgresDeliveries(database)
    jitter = random.Random()  # noqa: S311 (jitter is no secret)
    identity_channel = open_channel(
        settings.identity_target,
        TokenSigner.from_dir(settings.signing_keys_dir, SERVICE),
        certificates_for(settings),
    )
    closers.insert(0, identity_channel.close)
    addresses = IdentityAddresses(identity_channel)
    delivering = make_workers(
        {Channel.STREAM: [LiveStreamSender(live)], **outside.senders},
        deliveries,
        addresses,
        clock,
        jitter,
    )
    alarms = Alarms(lanes_of(delivering), deliveries, clock)
    webhooks = Webhooks(
        database, settings.webhook_keys, clock, private_too=settings.notification_webhooks_to_private_addresses
    )
    closers.insert(0, webhooks.close)
    owe_messages = OweMessages(
        store,
        templates,
        clock,
        new_id,
        HandOver(delivering),
        webhooks_are_wanted=webhooks.alarm.wanted,
        webhooks_are_owed=webhooks.alarm.stir,
    )
    campaigns = Campaigns(database, clock)
    safety = PostgresSafety(database, new_id)
    tell_contacts = TellContacts(
        store,
        safety,
        templates,
        clock,
        new_id,
        settings.notification_share_url,
        _opener_of_links(settings),
    )
    personal_data = NotificationPersonalData(database, redis, tables.metadata)
    handler = EventHandler(
        owe_messages,
        tell_contacts,
        RememberLocale(store),
        ForgetBounces(store),
        CloseCode(store, clock),
        EndSignIn(store, clock),
        campaigns.see_audience,
        personal_data,
        alarms,
    )
    consumer = EventConsumer(
        redis,
        STREAMS,
        SERVICE,
        settings.replica_name,
        handler,
        dead_letters,
        EVENT_TYPES,
        handle_together=handler.take,
    )
    keeps = [
        Keep(tables.inbox_events, "consumed_at", KEEP_SECONDS),
        Keep(tables.dead_letters, "parked_at", DEAD_LETTERS_KEEP_SECONDS),
        Keep(tables.notifications, "created_at", NOTIFICATION_KEEP_SECONDS),
        Keep(webhook_tables.webhooks, "created_at", NOTIFICATION_KEEP_SECONDS),
        Keep(people_tables.devices, "removed_at", NOTIFICATION_KEEP_SECONDS),
        Keep(people_tables.ended_sign_ins, "ended_at", ENDED_SIGN_IN_KEEP_SECONDS),
    ]

    workers = Workers()
    workers.add("event consumer", consumer.run)
    add_workers(workers, delivering, alarms)
    webhooks.add_worker(workers, jitter)
    campaigns.add_worker(workers, owe_messages, alarms)
    workers.add("retention", lambda: trim_forever(database, keeps, clock))

    head = head_revision("notification_service")
    server = ServiceServer(
        settings,
        TokenVerifier.from_file(settings.jwks_file),
        workers=workers,
        probes=[("database", lambda: database.schema_suffices(head)), ("redis", lambda: ping(redis))],
        closers=closers,
    )
    servicer = NotificationServicer(
        send_one_time_code=SendOneTimeCode(store, templates, clock, new_id, seal),
        list_notifications=ListNotifications(store),
        mark_notification_read=MarkNotificationRead(store, clock),
        summarize_deliveries=SummarizeDeliveries(store),
        alarms=alarms,
    )
    server.add(add_NotificationServiceServicer_to_server, servicer, SERVICE_NAME)
    add_reach_service(server, database, store, clock, new_id)
    webhooks.add_service(server, new_id)
    LiveStreams(settings, redis, reader, store, clock, new_id()).add_to(server, workers)
    campaigns.add_service(server, templates.languages, new_id)

    def help_wanted() -> None:
        alarms.wake(Channel.SMS, Priority.SECURITY)
        webhooks.alarm.stir()

    add_safety_service(server, safety, templates, addresses, help_wanted, clock, new_id)
    add_delivery_service(server, database, deliveries, SmsReceipts(accounts_of(providers)), clock)
    server.add(
        add_TemplateServiceServicer_to_server,
        TemplateServicer(ListTemplates(templates), PreviewTemplate(templates), templates.languages),
        TEMPLATE_SERVICE,
    )
    server.add(add_DeadLetterServiceServicer_to_server, DeadLetterServicer(dead_letters), DEAD_LETTER_SERVICE)
    server.add(add_PersonalDataServiceServicer_to_server, PersonalDataServicer(personal_data), PERSONAL_DATA_SERVICE)
    return Application(server, workers, closers)


def _opener_of_links(settings: NotificationSettings) -> Callable[[bytes, UUID], str]:
    letters = LetterReader.from_dir(settings.signing_keys_dir, SERVICE)
    return lambda sealed_token, ride_id: letters.open(sealed_token, ride_id.bytes)


def _outside(providers: Providers, keys: KeyRing, clock: Clock) -> tuple[OpenProviders, Seal | None]:
    """Open the providers; what seals the words of calls comes with them, if any makes calls."""
    opened, seals = open_providers(providers, clock), WordSeals(keys)
    callers = [OpeningSender(sender, seals) for sender in opened.senders.get(Channel.VOICE, ())]
    if not callers:
        return opened, None
    return opened._replace(senders={**opened.senders, Channel.VOICE: callers}), seals.seal


def _providers(settings: NotificationSettings) -> Providers:
    if settings.notification_providers_file is not None:
        return read_providers(settings.notification_providers_file)
    sms = Twilio(
        kind="twilio",
        name="sms",
        url=settings.notification_sms_url,
        account=settings.notification_sms_account,
        token=settings.notification_sms_token,
        sender=settings.notification_sms_sender,
        status_url=settings.notification_sms_status_url,
        timeout_seconds=settings.notification_sms_timeout_seconds,
    )
    return Providers(providers=(sms,))
