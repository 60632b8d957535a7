"""Audit the ledger: balances against postings, what is set aside against what needs it, entries against payments."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from payment_service.domain.audit import AuditPart, AuditPlace, LedgerDifference
from payment_service.domain.reconciliation import Item, ItemKind
from payment_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)
_ACCOUNTS = 200
_WINDOW = timedelta(hours=6)
_MAX_DIFFERENCES = 100
_LEASE = timedelta(hours=1)


class AuditLedger:
    """The use case of the worker, and of operators who ask."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, *, look_back: timedelta) -> None:
        """Make it.

        Args:
            store: the database.
            clock: tells the time.
            ids: makes the ids of items.
            look_back: whose entries are compared with their payments; balances are always added up whole.
        """
        self._store = store
        self._clock = clock
        self._ids = ids
        self._look_back = look_back

    async def __call__(self, place: AuditPlace) -> AuditPart:
        """Audit the part that begins at a place. Each part reads one moment, and locks nothing."""
        async with self._store.snapshot() as work:
            if place.window_from is None:
                audited = await work.audits.accounts(place.after_account, _ACCOUNTS)
                if audited.count == _ACCOUNTS:
                    next_place = AuditPlace(after_account=audited.last)
                else:
                    oldest = await work.audits.oldest_entry_at()
                    next_place = None if oldest is None else AuditPlace(window_from=self._first_window(oldest))
                return AuditPart(audited.differences[:_MAX_DIFFERENCES], audited.count, 0, next_place)
            until = place.window_from + _WINDOW
            count, differences = await work.audits.entries(place.window_from, until)
            next_place = AuditPlace(window_from=until) if until < self._clock.now() else None
            return AuditPart(tuple(differences)[:_MAX_DIFFERENCES], 0, count, next_place)

    async def daily(self) -> int | None:
        """Audit everything once for each daily run that is begun; all replicas may ask.

        Returns how many contradictions were found, None where there is nothing to do or another process does it. One
        that dies leaves it to the others after an hour; where an audit takes longer, two of them do no harm.
        """
        now = self._clock.now()
        async with self._store.single() as work:
            run_id = await work.reconciliation.take_audit(now, now + _LEASE)
        if run_id is None:
            return None
        _, found = await self.whole()
        async with self._store.single() as work:
            await work.reconciliation.audited(run_id, self._clock.now())
        return found

    async def whole(self) -> tuple[int, int]:
        """Audit everything; open an item for each contradiction. Returns how many accounts and contradictions."""
        accounts = found = 0
        place: AuditPlace | None = AuditPlace()
        while place is not None:
            part = await self(place)
            accounts += part.account_count
            found += len(part.differences)
            if part.differences:
                await self._report(part.differences)
            place = part.next_place
        return accounts, found

    def _first_window(self, oldest: datetime) -> datetime:
        return max(oldest, self._clock.now() - self._look_back)

    async def _report(self, differences: tuple[LedgerDifference, ...]) -> None:
        now = self._clock.now()
        async with self._store.transaction() as work:
            for one in differences:
                _log.error(
                    "the ledger contradicts itself",
                    extra={"kind": one.kind.value, "reference": one.reference, "detail": one.detail},
                )
                reference = f"{one.kind}:{one.reference}"
                amount = one.kept - one.expected
                item = Item(self._ids(), ItemKind.LEDGER_DIFFERS, reference, amount, one.detail, now)
                await work.reconciliation.open_item(item)
