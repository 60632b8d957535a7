"""Carry a reconciliation run on, step by step: read the PSP's list, match it, look for what is missing, and for age.

Every step is one transaction that also moves the run, so a process that dies leaves a run that any other takes up; what
a step books has the transaction or the item as its source, so that nothing is booked twice.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from payment_service.domain.operation import retry_after_seconds
from payment_service.domain.reconciliation import Item, ItemKind, Phase, Run
from payment_service.use_cases.matching import Matching
from payment_service.use_cases.missing import Missing
from payment_service.use_cases.outcomes import NotSent, Pending, TransactionPage, Unknown
from payment_service.use_cases.ports import Failpoint, PaymentServiceProvider, Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)
PAGE = 100
_MAX_TRIES = 200
"""About two days of a PSP that does not answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one side may be ahead of the other.

    `unknown` for a transaction or charge that the ledger does not have, `other` for all else and for what the PSP's
    list does not have, `clearing` for money in clearing accounts.
    """

    unknown: timedelta
    other: timedelta
    clearing: timedelta


class Reconcile:
    """The worker's use case."""

    def __init__(
        self,
        store: Store,
        psp: PaymentServiceProvider,
        clock: Clock,
        ids: IdSource,
        failpoint: Failpoint,
        patience: Patience,
        *,
        lease_seconds: float,
    ) -> None:
        """Make it; after `lease_seconds` another process takes a step for dead, so they exceed what a step takes."""
        self._store = store
        self._psp = psp
        self._clock = clock
        self._ids = ids
        self._failpoint = failpoint
        self._lease = timedelta(seconds=lease_seconds)
        self._matching = Matching(clock, ids, patience.unknown, patience.other)
        self._missing = Missing(clock, ids, patience.other, patience.clearing)

    async def __call__(self) -> bool:
        """Do one step of the run that is under way; False if there is none to be taken up now."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            run = await work.reconciliation.take_run(now, now + self._lease)
        if run is None:
            return False
        self._failpoint("reconcile.taken")
        if run.phase is Phase.IMPORT:
            return await self._import(run)
        async with self._store.transaction() as work:
            match run.phase:
                case Phase.MATCH:
                    run = await self._matching(work, run)
                case Phase.EXPECT:
                    run = await self._missing.expected(work, run)
                case _:
                    run = await self._missing.aged(work, run)
            if run.phase is Phase.DONE:
                run = run.completed(self._clock.now())
            saved = await work.reconciliation.save_run(replace(run, due_at=self._clock.now()))
            if not saved:
                raise RuntimeError(f"reconciliation run {run.id} was taken over while it was worked on")
            self._failpoint("reconcile.stepped")
        self._failpoint("reconcile.recorded")
        return True

    async def _import(self, run: Run) -> bool:
        answer = await self._psp.list_transactions(run.since, run.position, PAGE)
        self._failpoint("reconcile.read")
        async with self._store.transaction() as work:
            now = self._clock.now()
            if isinstance(answer, TransactionPage):
                kept = await work.reconciliation.keep(answer.transactions, now)
                opened = 0
                listed = {transaction.id: transaction for transaction in answer.transactions}
                for before in kept.changed:
                    item = Item(
                        self._ids(),
                        ItemKind.TRANSACTION_CHANGED,
                        before.id,
                        listed[before.id].net - before.net
                        if listed[before.id].net.currency_code == before.net.currency_code
                        else -before.net,
                        f"the PSP listed {before.net} net before, and lists {listed[before.id].net} now",
                        now,
                        psp_transaction_id=before.id,
                    )
                    opened += await work.reconciliation.open_item(item)
                position = answer.transactions[-1].id if answer.has_more and answer.transactions else ""
                run = run.went_on(position, imported=kept.new_count, opened=opened)
                run = replace(run, due_at=now)
            else:
                run = self._rested(run, answer)
            saved = await work.reconciliation.save_run(run)
            if not saved:
                raise RuntimeError(f"reconciliation run {run.id} was taken over while it was worked on")
            self._failpoint("reconcile.kept")
        self._failpoint("reconcile.recorded")
        return True

    def _rested(self, run: Run, answer: object) -> Run:
        now, tries = self._clock.now(), run.tries + 1
        waits = isinstance(answer, Unknown | NotSent | Pending)
        detail = getattr(answer, "detail", "") or getattr(answer, "reason", "") or "no_answer"
        _log.warning("the PSP's list could not be read", extra={"run_id": str(run.id), "detail": detail})
        if not waits or tries > _MAX_TRIES:
            return run.failed(now, detail)
        return replace(run, tries=tries, detail=detail, due_at=now + timedelta(seconds=retry_after_seconds(tries)))
