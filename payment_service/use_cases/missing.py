"""Look for what the ledger has and the PSP's list does not, and for clearing accounts that do not age to zero."""

from __future__ import annotations

from datetime import timedelta

from payment_service.domain.ledger import CLEARING_KINDS
from payment_service.domain.reconciliation import Item, ItemKind, Run
from payment_service.use_cases.ports import Work
from payment_service.use_cases.reconciliation_repository import AgedClearing
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

BATCH = 200


class Missing:
    """Two phases of a run."""

    def __init__(self, clock: Clock, ids: IdSource, listed_within: timedelta, cleared_within: timedelta) -> None:
        self._clock = clock
        self._ids = ids
        self._listed_within = listed_within
        self._cleared_within = cleared_within

    async def expected(self, work: Work, run: Run) -> Run:
        """Look for a batch of entries in the PSP's list, and return the run after it."""
        now = self._clock.now()
        expected = await work.reconciliation.expected_after(run.expected_after, now - self._listed_within, BATCH)
        subjects = list({entry.subject.id for entry in expected if entry.subject is not None})
        listed = await work.reconciliation.listed(subjects)
        unlisted = [subject_id for subject_id in subjects if subject_id not in listed]
        booked = await work.reconciliation.booked(unlisted)
        # The last entry of each tells when; what is missing is the sum of all of them.
        latest = {entry.subject: entry for entry in expected if entry.subject and entry.subject.id in unlisted}
        opened = closed = 0
        for subject, entry in latest.items():
            missing = booked[subject.id, entry.amount.currency_code]
            if not missing.amount_minor:
                # It was taken back, and the PSP never moved any money for it.
                closed += await work.reconciliation.close_agreed(now, of=(ItemKind.MISSING_AT_PSP, str(subject.id)))
                continue
            item = Item(
                self._ids(),
                ItemKind.MISSING_AT_PSP,
                str(subject.id),
                -missing,
                f"{missing} was booked, last by {entry.entry_kind} at {entry.created_at:%Y-%m-%d %H:%M} UTC, and the "
                "PSP's list does not have it",
                now,
                subject=subject,
            )
            opened += await work.reconciliation.open_item(item)
        last = expected[-1].entry_id if expected else None
        position = str(last) if len(expected) == BATCH else ""
        return run.went_on(position, opened=opened, closed=closed, expected_after=last)

    async def aged(self, work: Work, run: Run) -> Run:
        """Judge the clearing accounts (a handful a currency), and return the run after it."""
        now = self._clock.now()
        opened = closed = 0
        for account in await work.reconciliation.aged(CLEARING_KINDS, now - self._cleared_within):
            reference = f"{account.account_kind}:{account.balance.currency_code}"
            if not account.aged.amount_minor:
                closed += await work.reconciliation.close_agreed(now, of=(ItemKind.CLEARING_AGED, reference))
            elif not await self._is_explained(work, account, reference):
                days = self._cleared_within.days
                detail = f"{account.balance} in {account.account_kind}, of it {account.aged} for more than {days} days"
                item = Item(self._ids(), ItemKind.CLEARING_AGED, reference, account.aged, detail, now)
                opened += await work.reconciliation.open_item(item)
        return run.went_on("", opened=opened, closed=closed)

    async def _is_explained(self, work: Work, account: AgedClearing, reference: str) -> bool:
        # A person said why this very amount is there: it is told again when it is another.
        item = await work.reconciliation.last_explained(ItemKind.CLEARING_AGED, reference)
        return item is not None and item.amount == account.aged
