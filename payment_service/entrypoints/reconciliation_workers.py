"""What reconciliation and the audit of the ledger do by themselves, and what is measured of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from prometheus_client import Gauge

from chassis.runtime import Wakeup
from payment_service.domain.reconciliation import ItemKind
from payment_service.use_cases.audit_ledger import AuditLedger
from payment_service.use_cases.ports import Store
from payment_service.use_cases.reconcile import Reconcile
from payment_service.use_cases.start_reconciliation import StartReconciliation
from shared_kernel.clock import Clock

UNKNOWN_OPERATIONS = Gauge("jitney_payment_unknown_operations", "Operations at the PSP whose outcome is not known")
UNKNOWN_OLDEST_SECONDS = Gauge(
    "jitney_payment_unknown_oldest_age_seconds", "Age of the oldest operation whose outcome is not known"
)
OPEN_ITEMS = Gauge("jitney_payment_open_items", "Reconciliation items that are not closed", ["kind"])
QUEUED_DELTAS = Gauge("jitney_payment_balance_deltas", "Changes of balances that are not rolled up")
PARKED_EVENTS = Gauge("jitney_payment_psp_events_parked", "Events of the PSP parked for a person to look at")
CLEARING_BALANCE = Gauge(
    "jitney_payment_clearing_balance_minor", "What a clearing account holds", ["account", "currency"]
)
CLEARING_AGED = Gauge(
    "jitney_payment_clearing_aged_minor", "What of it is older than it may be", ["account", "currency"]
)
LEDGER_DIFFERENCES = Gauge("jitney_payment_ledger_differences", "Contradictions that the last audit found")


async def reconcile_forever(
    start: StartReconciliation, step: Reconcile, audit: AuditLedger, wakeup: Wakeup, period_seconds: float
) -> None:
    """Begin the daily run when its hour has come, carry on whatever run is under way, and audit the ledger; a worker.

    Of all replicas one audits for a daily run, whether the PSP answers the run or not.
    """
    while True:
        await start.daily()
        while await step():
            pass
        found = await audit.daily()
        if found is not None:
            LEDGER_DIFFERENCES.set(found)
        await wakeup.wait(period_seconds)


async def measure_forever(store: Store, clock: Clock, cleared_within: timedelta, period_seconds: float) -> None:
    """Measure what waits for the PSP or for a person; a worker."""
    while True:
        now = clock.now()
        async with store.snapshot() as work:
            health = await work.audits.health(now - cleared_within)
        UNKNOWN_OPERATIONS.set(health.unknown_operations)
        oldest = health.oldest_unknown_at
        UNKNOWN_OLDEST_SECONDS.set(0 if oldest is None else (now - oldest).total_seconds())
        for kind in ItemKind:
            OPEN_ITEMS.labels(kind.value).set(health.open_items.get(kind.value, 0))
        QUEUED_DELTAS.set(health.queued_deltas)
        PARKED_EVENTS.set(health.parked_events)
        for account in health.clearing:
            labels = account.account_kind.value, account.balance.currency_code
            CLEARING_BALANCE.labels(*labels).set(account.balance.amount_minor)
            CLEARING_AGED.labels(*labels).set(account.aged.amount_minor)
        await asyncio.sleep(period_seconds)
