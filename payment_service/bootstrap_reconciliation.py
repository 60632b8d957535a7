"""The part of the composition root that puts reconciliation, statements and the audit together."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from chassis.failpoints import Failpoints
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from payment_service.entrypoints import reconciliation_servicer, statement_servicer
from payment_service.entrypoints.reconciliation_servicer import ReconciliationServicer, ReconciliationUseCases
from payment_service.entrypoints.reconciliation_workers import measure_forever, reconcile_forever
from payment_service.entrypoints.statement_servicer import StatementServicer
from payment_service.settings import PaymentSettings
from payment_service.use_cases.audit_ledger import AuditLedger
from payment_service.use_cases.get_reconciliation_report import GetReconciliationReport
from payment_service.use_cases.mutate import Mutate
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.read_reconciliation import ReadReconciliation
from payment_service.use_cases.reconcile import Patience, Reconcile
from payment_service.use_cases.resolve_item import ResolveItem
from payment_service.use_cases.start_reconciliation import StartReconciliation
from payment_service.use_cases.statements import Statements
from ridesharing.payment.v1.reconciliation_service_pb2_grpc import add_ReconciliationServiceServicer_to_server
from ridesharing.payment.v1.statement_service_pb2_grpc import add_StatementServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_AUDIT_LOOK_BACK = timedelta(days=8)
_MEASURE_SECONDS = 15.0


class ReconciliationCore(NamedTuple):
    """The use cases put together."""

    use_cases: ReconciliationUseCases
    statements: Statements
    reconcile: Reconcile
    wakeup: Wakeup


def build_reconciliation(
    settings: PaymentSettings,
    store: Store,
    psp: PaymentServiceProvider,
    mutate: Mutate,
    clock: Clock,
    ids: IdSource,
) -> ReconciliationCore:
    """Put the use cases together over a store and a PSP."""
    patience = Patience(
        unknown=timedelta(hours=settings.payment_reconciliation_unknown_hours),
        other=timedelta(days=settings.payment_reconciliation_wait_days),
        clearing=timedelta(days=settings.payment_clearing_days),
    )
    wakeup = Wakeup()
    hour = settings.payment_reconciliation_hour
    use_cases = ReconciliationUseCases(
        start=StartReconciliation(store, mutate, clock, ids, daily_at_hour=hour),
        read=ReadReconciliation(store),
        resolve=ResolveItem(store, mutate, clock, ids),
        report=GetReconciliationReport(store, clock),
        audit=AuditLedger(store, clock, ids, look_back=_AUDIT_LOOK_BACK),
        wake=wakeup.wake,
    )
    reconcile = Reconcile(
        store,
        psp,
        clock,
        ids,
        Failpoints(settings.failpoint),
        patience,
        lease_seconds=settings.payment_lease_seconds,
    )
    return ReconciliationCore(use_cases, Statements(store), reconcile, wakeup)


def add_reconciliation_workers(
    workers: Workers, core: ReconciliationCore, settings: PaymentSettings, store: Store, clock: Clock
) -> None:
    """Let it work by itself."""
    do, poll_seconds = core.use_cases, settings.payment_reconciliation_poll_seconds
    workers.add(
        "reconciliation", lambda: reconcile_forever(do.start, core.reconcile, do.audit, core.wakeup, poll_seconds)
    )
    cleared_within = timedelta(days=settings.payment_clearing_days)
    workers.add("payment metrics", lambda: measure_forever(store, clock, cleared_within, _MEASURE_SECONDS))


def add_reconciliation_servicers(server: ServiceServer, core: ReconciliationCore, clock: Clock) -> None:
    """Serve it."""
    server.add(
        add_ReconciliationServiceServicer_to_server,
        ReconciliationServicer(core.use_cases),
        reconciliation_servicer.SERVICE_NAME,
    )
    server.add(
        add_StatementServiceServicer_to_server,
        StatementServicer(core.statements, clock),
        statement_servicer.SERVICE_NAME,
    )
