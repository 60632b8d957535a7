"""Match the PSP's list with the ledger: each transaction with what it is about, and both sides to the last unit."""

from __future__ import annotations

from datetime import timedelta

from payment_service.domain.psp_transaction import PspTransaction, Subject, SubjectKind, entry_of
from payment_service.domain.reconciliation import Item, ItemKind, Run
from payment_service.use_cases.ports import Work
from payment_service.use_cases.reconciliation_repository import Comparison, MatchState
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

BATCH = 100
_OF_SUBJECT = (ItemKind.AMOUNT_DIFFERS, ItemKind.MISSING_IN_LEDGER, ItemKind.MISSING_AT_PSP)


class Matching:
    """One phase of a run."""

    def __init__(self, clock: Clock, ids: IdSource, unknown_for: timedelta, other_for: timedelta) -> None:
        self._clock = clock
        self._ids = ids
        self._unknown_for = unknown_for
        self._other_for = other_for

    async def __call__(self, work: Work, run: Run) -> Run:
        """Match a batch of what is not matched, and return the run after it."""
        transactions = await work.reconciliation.lock_unmatched(run.position, BATCH)
        subjects = await work.reconciliation.subjects_of(transactions)
        booked = await work.ledger.booked_of(transaction.ledger_id for transaction in transactions)
        matched = opened = closed = 0
        for transaction in transactions:
            subject = subjects.get(transaction.id)
            if transaction.books_itself:
                if transaction.ledger_id not in booked:
                    await self._book(work, transaction, None)
                await work.reconciliation.mark(MatchState.MATCHED, [transaction.id])
                matched += 1
            elif subject is None:
                opened += await self._unknown(work, transaction)
            else:
                await work.reconciliation.belongs(transaction.id, subject)
                if transaction.ledger_id not in booked:
                    await self._book(work, transaction, subject)
                closed += await work.reconciliation.close_agreed(self._clock.now(), transaction_id=transaction.id)
        of_them = list({subject.id: subject for subject in subjects.values()}.values())
        by_subject: dict[Subject, list[Comparison]] = {}
        for comparison in await work.reconciliation.compare(of_them):
            by_subject.setdefault(comparison.subject, []).append(comparison)
        for subject, comparisons in by_subject.items():
            different = [comparison for comparison in comparisons if comparison.psp != comparison.ledger]
            if not different:
                closed += await work.reconciliation.close_agreed(self._clock.now(), subject_id=subject.id)
                matched += await work.reconciliation.mark_subject(MatchState.MATCHED, subject.id)
            else:
                opened += await self._differs(work, different[0])
        position = transactions[-1].id if len(transactions) == BATCH else ""
        return run.went_on(position, matched=matched, opened=opened, closed=closed)

    async def _book(self, work: Work, transaction: PspTransaction, subject: Subject | None) -> None:
        payment_id = None if subject is None else subject.payment_id
        entry = entry_of(transaction, self._ids(), payment_id, self._clock.now())
        if entry is not None:
            await work.ledger.post(entry)

    async def _unknown(self, work: Work, transaction: PspTransaction) -> bool:
        now = self._clock.now()
        if now - transaction.created_at < self._unknown_for:
            await work.reconciliation.mark(MatchState.WAITING, [transaction.id])
            return False
        await work.reconciliation.mark(MatchState.DIFFERS, [transaction.id])
        item = Item(
            self._ids(),
            ItemKind.UNKNOWN_TRANSACTION,
            transaction.id,
            transaction.net,
            f"{transaction.type} of {transaction.source_id or 'nothing named'}: nobody here knows it",
            now,
            psp_transaction_id=transaction.id,
        )
        return await work.reconciliation.open_item(item)

    async def _differs(self, work: Work, comparison: Comparison) -> bool:
        now, subject = self._clock.now(), comparison.subject
        booked = comparison.ledger.amount_minor != 0
        charge = subject.kind is SubjectKind.PAYMENT
        patience = self._unknown_for if charge else self._other_for
        # What was captured is final on both sides; all else may be on its way here.
        if not (charge and booked) and now - comparison.latest_at < patience:
            await work.reconciliation.mark_subject(MatchState.WAITING, subject.id)
            return False
        await work.reconciliation.mark_subject(MatchState.DIFFERS, subject.id)
        kind = ItemKind.AMOUNT_DIFFERS if booked else ItemKind.MISSING_IN_LEDGER
        for other in _OF_SUBJECT:
            if other is not kind:
                await work.reconciliation.close_agreed(now, of=(other, str(subject.id)))
        item = Item(
            self._ids(),
            kind,
            str(subject.id),
            comparison.psp - comparison.ledger,
            f"of {subject.kind} {subject.id} the PSP lists {comparison.psp}, the ledger has {comparison.ledger}",
            now,
            subject=subject,
        )
        return await work.reconciliation.open_item(item)
