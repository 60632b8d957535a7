"""Put the reconciliation report of a period together."""

from __future__ import annotations

from datetime import date, timedelta

from payment_service.domain.report import Report
from payment_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput

MAX_DAYS = 92
MAX_ITEMS = 1000


class GetReconciliationReport:
    """The use case."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, first: date | None, last: date | None) -> Report:
        """Return the report of whole days (UTC), by default of the current month until today.

        Raises:
            InvalidInput: `invalid_period`, it ends before it begins, in the future, or has more than 92 days.
        """
        now = self._clock.now()
        last = last or now.date()
        first = first or last.replace(day=1)
        if not first <= last <= now.date() or (last - first) >= timedelta(days=MAX_DAYS):
            violation = FieldViolation("to_date", f"must be from from_date to today, at most {MAX_DAYS} days after it")
            raise InvalidInput("invalid_period", "there is no report for this period", violations=[violation])
        async with self._store.snapshot() as work:
            items = await work.reconciliation.list_items(only_open=True, after=None, limit=MAX_ITEMS + 1)
            return Report(
                first_day=first,
                last_day=last,
                read_at=now,
                last_run=await work.reconciliation.last_completed(),
                collected=tuple(await work.books.collected(first, last)),
                clearing_days=tuple(await work.books.clearing_days(first, last)),
                listed=tuple(await work.books.listed_sums(first, last)),
                clearing=tuple(await work.books.clearing_ages(now)),
                items=tuple(items[:MAX_ITEMS]),
                items_are_cut=len(items) > MAX_ITEMS,
                trial_balance=await work.ledger.trial_balance(now),
            )
