"""Puts together what people tell of how they are reached, their safety, and what operators see of their messages."""

from __future__ import annotations

from collections.abc import Callable

from chassis.database import Database
from chassis.server import ServiceServer
from notification_service.adapters.identity_addresses import IdentityAddresses
from notification_service.adapters.postgres_people import PostgresPeople
from notification_service.adapters.postgres_suppressions import PostgresSuppressions
from notification_service.adapters.postgres_timelines import PostgresTimelines
from notification_service.adapters.sms_receipts import SmsReceipts
from notification_service.entrypoints import delivery_servicer, reach_servicer, safety_servicer
from notification_service.use_cases.acknowledge_notification import AcknowledgeNotification
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.keep_devices import KeepDevices
from notification_service.use_cases.keep_preferences import KeepPreferences
from notification_service.use_cases.lift_suppression import LiftSuppression, ReadSuppressions
from notification_service.use_cases.outside_ports import Templates
from notification_service.use_cases.ports import Deliveries, SafetyStore, Store
from notification_service.use_cases.raise_sos import ListSos, RaiseSos
from notification_service.use_cases.read_timeline import ReadTimeline
from notification_service.use_cases.replay_delivery import ReplayDelivery
from notification_service.use_cases.take_sms_receipt import TakeSmsReceipt
from ridesharing.notification.v1.delivery_service_pb2_grpc import add_DeliveryServiceServicer_to_server
from ridesharing.notification.v1.reach_service_pb2_grpc import add_ReachServiceServicer_to_server
from ridesharing.notification.v1.safety_service_pb2_grpc import add_SafetyServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


def add_reach_service(server: ServiceServer, database: Database, store: Store, clock: Clock, new_id: IdSource) -> None:
    """Add what apps tell: devices, wishes, what was seen."""
    people = PostgresPeople(database, new_id)
    servicer = reach_servicer.ReachServicer(
        devices=KeepDevices(people, clock),
        preferences=KeepPreferences(people, clock),
        acknowledge=AcknowledgeNotification(store, clock),
    )
    server.add(add_ReachServiceServicer_to_server, servicer, reach_servicer.SERVICE_NAME)


def add_safety_service(
    server: ServiceServer,
    store: SafetyStore,
    templates: Templates,
    identity: IdentityAddresses,
    wake: Callable[[], None],
    clock: Clock,
    new_id: IdSource,
) -> None:
    """Add trusted contacts and calls for help."""
    servicer = safety_servicer.SafetyServicer(
        contacts=KeepContacts(store, clock),
        raise_sos=RaiseSos(store, templates, identity, clock, new_id),
        list_sos=ListSos(store),
        wake=wake,
    )
    server.add(add_SafetyServiceServicer_to_server, servicer, safety_servicer.SERVICE_NAME)


def add_delivery_service(
    server: ServiceServer, database: Database, deliveries: Deliveries, receipts: SmsReceipts, clock: Clock
) -> None:
    """Add what became of messages."""
    timelines, suppressions = PostgresTimelines(database), PostgresSuppressions(database)
    servicer = delivery_servicer.DeliveryServicer(
        read_timeline=ReadTimeline(timelines, deliveries),
        replay_delivery=ReplayDelivery(timelines, clock),
        read_suppressions=ReadSuppressions(suppressions),
        lift_suppression=LiftSuppression(suppressions, clock),
        take_sms_receipt=TakeSmsReceipt(timelines, receipts, clock),
    )
    server.add(add_DeliveryServiceServicer_to_server, servicer, delivery_servicer.SERVICE_NAME)
