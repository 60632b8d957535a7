"""The composition root: the only file that names concrete classes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from chassis import outbox
from chassis.auth import TokenVerifier
from chassis.database import Database
from chassis.failpoints import Failpoints
from chassis.personal_data import SERVICE_NAME as PERSONAL_DATA_SERVICE
from chassis.personal_data import PersonalDataServicer
from chassis.redis_client import open_redis, ping
from chassis.relay import OutboxRelay
from chassis.retention import Keep, still_named, trim_forever
from chassis.revisions import head_revision
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from payment_service.adapters import tables
from payment_service.adapters.personal_data import PaymentPersonalData
from payment_service.adapters.psp_event_tables import psp_event
from payment_service.adapters.roll_up import roll_up_forever
from payment_service.adapters.store import PostgresStore
from payment_service.adapters.stripe_psp import StripePsp
from payment_service.bootstrap_driver_money import (
    DriverMoney,
    add_driver_money_servicers,
    add_driver_money_workers,
    build_driver_money,
)
from payment_service.bootstrap_reconciliation import (
    ReconciliationCore,
    add_reconciliation_servicers,
    add_reconciliation_workers,
    build_reconciliation,
)
from payment_service.bootstrap_refunds import (
    RefundsCore,
    add_refunds_servicers,
    add_refunds_workers,
    build_refunds,
)
from payment_service.bootstrap_wallet import build_wallet, rider_limits
from payment_service.entrypoints.payment_servicer import SERVICE_NAME, PaymentServicer, UseCases
from payment_service.entrypoints.wallet_servicer import SERVICE_NAME as WALLET_SERVICE_NAME
from payment_service.entrypoints.wallet_servicer import WalletServicer, WalletUseCases
from payment_service.entrypoints.wire import event_to_wire
from payment_service.entrypoints.workers import sweep_forever
from payment_service.settings import PaymentSettings
from payment_service.use_cases.add_payment_method import AddPaymentMethod
from payment_service.use_cases.add_tip import AddTip
from payment_service.use_cases.capture_payment import CapturePayment
from payment_service.use_cases.conclude import Conclude
from payment_service.use_cases.finish_payment_method_setup import FinishPaymentMethodSetup
from payment_service.use_cases.get_earnings import GetEarnings
from payment_service.use_cases.get_payment import GetPayment
from payment_service.use_cases.get_receipt import GetReceipt
from payment_service.use_cases.get_trial_balance import GetTrialBalance
from payment_service.use_cases.increment_hold import IncrementHold
from payment_service.use_cases.list_journal_entries import ListJournalEntries
from payment_service.use_cases.list_payment_methods import ListPaymentMethods
from payment_service.use_cases.mutate import Mutate
from payment_service.use_cases.place_hold import PlaceHold
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.remove_payment_method import RemovePaymentMethod
from payment_service.use_cases.set_default_payment_method import SetDefaultPaymentMethod
from payment_service.use_cases.set_up_payment_method import SetUpPaymentMethod
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.sweep_operations import SweepOperations
from payment_service.use_cases.void_hold import VoidHold
from payment_service.use_cases.watch_standings import WatchedStore
from ridesharing.common.v1.personal_data_service_pb2_grpc import add_PersonalDataServiceServicer_to_server
from ridesharing.payment.v1.payment_service_pb2_grpc import add_PaymentServiceServicer_to_server
from ridesharing.payment.v1.wallet_service_pb2_grpc import add_WalletServiceServicer_to_server
from shared_kernel.clock import Clock, SystemClock
from shared_kernel.ids import IdSource, Uuid7Source

PACKAGE = "payment_service"
SERVICE = "payment"
STREAM = "events:payment"
STREAM_GROUPS = ("matching", "notification")
"""Who takes the events in: what they have not is kept, also while they are away."""
RELAY_DEBOUNCE_SECONDS = 0.008
"""A group of captures is committed every few milliseconds under load; a publication is for two or three of them."""
REQUEST_KEEP_SECONDS = 7 * 86_400
"""How long answers are kept for replay: longer than any saga retries."""
PSP_EVENT_KEEP_SECONDS = 30 * 86_400
"""How long events are kept that were applied: as long as the PSP itself can tell of them, and so send them again."""
OPERATION_KEEP_SECONDS = 400 * 86_400
"""How long operations that ended are kept: longer than any card scheme lets a payment be disputed."""
ROLL_UP_SECONDS = 5.0


class Core(NamedTuple):
    """The use cases put together."""

    use_cases: UseCases
    wallet: WalletUseCases
    mutate: Mutate
    settle: Settle
    sweep: SweepOperations
    reconciliation: ReconciliationCore
    refunds: RefundsCore
    driver_money: DriverMoney


def build_core(
    settings: PaymentSettings, store: Store, psp: PaymentServiceProvider, clock: Clock, ids: IdSource
) -> Core:
    """Put the use cases together over a store and a PSP."""
    failpoint = Failpoints(settings.failpoint)
    store = WatchedStore(store, clock, settings.payment_driver_cash_floor_minor)
    settle = Settle(
        store,
        psp,
        Conclude(clock, ids),
        clock,
        failpoint,
        psp_timeout_seconds=settings.payment_psp_timeout_seconds,
        lease_seconds=settings.payment_lease_seconds,
    )
    mutate = Mutate(store, settle, clock, failpoint)
    limits = rider_limits(settings)
    use_cases = UseCases(
        add_payment_method=AddPaymentMethod(store, mutate, settle, clock, ids),
        list_payment_methods=ListPaymentMethods(store),
        remove_payment_method=RemovePaymentMethod(mutate, settle, clock, ids),
        set_up_payment_method=SetUpPaymentMethod(store, mutate, settle, psp, clock, ids),
        finish_payment_method_setup=FinishPaymentMethodSetup(store, mutate, settle, psp, clock, ids),
        set_default_payment_method=SetDefaultPaymentMethod(store, mutate),
        place_hold=PlaceHold(store, mutate, settle, clock, ids, limits),
        increment_hold=IncrementHold(store, mutate, settle, clock, ids),
        capture_payment=CapturePayment(store, mutate, settle, clock, ids),
        void_hold=VoidHold(store, mutate, settle, clock, ids),
        add_tip=AddTip(store, mutate, settle, clock, ids, limits),
        get_payment=GetPayment(store),
        get_receipt=GetReceipt(store),
        get_earnings=GetEarnings(store),
        get_trial_balance=GetTrialBalance(store, clock),
        list_journal_entries=ListJournalEntries(store),
    )
    wallet = build_wallet(store, mutate, settle, clock, ids, limits)
    reconciliation = build_reconciliation(settings, store, psp, mutate, clock, ids)
    driver_money = build_driver_money(settings, store, psp, mutate, settle, clock, ids, failpoint)
    refunds = build_refunds(settings, store, psp, mutate, settle, clock, ids, driver_money.psp_events)
    sweep = SweepOperations(store, settle, clock)
    return Core(use_cases, wallet, mutate, settle, sweep, reconciliation, refunds, driver_money)


class Application(NamedTuple):
    """The service put together."""

    server: ServiceServer
    workers: Workers
    closers: list[Callable[[], Awaitable[object]]]


def build(settings: PaymentSettings) -> Application:
    """Put the service together; call it inside the event loop that it will run on."""
    clock, ids = SystemClock(), Uuid7Source()
    database = Database(
        settings.payment_database_url,
        settings.payment_database_pool_size,
        name=SERVICE,
        pooler=settings.database_pooler,
    )
    redis = open_redis(settings.redis_url)
    psp = StripePsp(
        settings.payment_psp_url,
        settings.payment_psp_api_key.get_secret_value(),
        timeout_seconds=settings.payment_psp_timeout_seconds,
    )
    relay_wakeup = Wakeup(RELAY_DEBOUNCE_SECONDS)
    store = PostgresStore(database, event_to_wire, ids, relay_wakeup)
    core = build_core(settings, store, psp, clock, ids)
    relay = OutboxRelay(database, tables.outbox, redis, STREAM, relay_wakeup, groups=STREAM_GROUPS, clock=clock)
    keeps = [
        Keep(tables.request, "created_at", REQUEST_KEEP_SECONDS),
        Keep(tables.psp_operation, "finished_at", OPERATION_KEEP_SECONDS, needed=still_named(tables.psp_operation)),
        Keep(tables.outbox, "published_at", outbox.KEEP_SECONDS),
        Keep(psp_event, "over_at", PSP_EVENT_KEEP_SECONDS),
    ]

    workers = Workers()
    workers.add("outbox relay", relay.run)
    workers.add("operations sweep", lambda: sweep_forever(core.sweep, settings.payment_sweep_seconds))
    workers.add("balances roll-up", lambda: roll_up_forever(database, ROLL_UP_SECONDS))
    add_driver_money_workers(workers, core.driver_money)
    workers.add("retention", lambda: trim_forever(database, keeps, clock))

    add_reconciliation_workers(workers, core.reconciliation, settings, store, clock)
    add_refunds_workers(workers, core.refunds, settings)

    head = head_revision(PACKAGE)
    # What was begun is sent, and what is being sent is written down, before the database is closed.
    closers: list[Callable[[], Awaitable[object]]] = [
        core.refunds.psp_events.receive.drain,
        lambda: core.mutate.drain(settings.drain_seconds),
        core.settle.drain,
        psp.close,
        redis.aclose,
        database.dispose,
    ]
    server = ServiceServer(
        settings,
        TokenVerifier.from_file(settings.jwks_file),
        workers=workers,
        probes=[("database", lambda: database.schema_suffices(head)), ("redis", lambda: ping(redis))],
        closers=closers,
    )
    server.add(add_PaymentServiceServicer_to_server, PaymentServicer(core.use_cases), SERVICE_NAME)
    server.add(add_WalletServiceServicer_to_server, WalletServicer(core.wallet), WALLET_SERVICE_NAME)
    personal_data = PaymentPersonalData(database, core.use_cases.remove_payment_method)
    server.add(add_PersonalDataServiceServicer_to_server, PersonalDataServicer(personal_data), PERSONAL_DATA_SERVICE)
    add_reconciliation_servicers(server, core.reconciliation, clock)
    add_refunds_servicers(server, core.refunds)
    add_driver_money_servicers(server, core.driver_money)
    return Application(server, workers, closers)
