"""Show what moved on accounts, payments, and how a payment came about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from payment_service.domain.payment import Payment
from payment_service.domain.statement import StatementPage, StatementPlace, StatementQuery, Story
from payment_service.use_cases.ports import Store
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound

MAX_PAYMENTS = 50
MAX_EVENTS = 500
_EXPORT_PAGE = 500


class Statements:
    """The use cases; they only read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, query: StatementQuery, after: StatementPlace | None, limit: int) -> StatementPage:
        """Return a page of an account's statement, oldest first.

        Raises:
            InvalidInput: `invalid_period`.
            NotFound: `account_not_found`.
        """
        if query.until < query.since:
            violation = FieldViolation("to_time", "must not be before from_time")
            raise InvalidInput("invalid_period", "the period ends before it begins", violations=[violation])
        async with self._store.snapshot() as work:
            return await work.books.statement(query, after, limit)

    async def pages(self, query: StatementQuery) -> AsyncIterator[StatementPage]:
        """Yield all pages of a statement. Each is read by itself: what was written before `until` stays as it is."""
        place: StatementPlace | None = None
        while True:
            page = await self.page(query, place, _EXPORT_PAGE)
            yield page
            if page.next_place is None:
                return
            place = page.next_place

    async def payments(self, rider_id: UUID | None, before: UUID | None, limit: int) -> Sequence[Payment]:
        """Return payments of a rider, or of all, the newest first."""
        async with self._store.snapshot() as work:
            return await work.books.payments(rider_id, before, limit)

    async def story(self, payment_or_ride_id: UUID) -> Story:
        """Tell all that happened around a payment and its ride; `payment_not_found` (NotFound)."""
        async with self._store.snapshot() as work:
            payments = await work.books.payments_around(payment_or_ride_id, MAX_PAYMENTS)
            if not payments:
                raise NotFound("payment_not_found", "there is no such payment, and no payment for such a ride")
            ids = [payment.id for payment in payments]
            events = await work.books.story_of(ids, MAX_EVENTS + 1)
        return Story(payments[0].ride_id, tuple(payments), tuple(events[:MAX_EVENTS]), len(events) > MAX_EVENTS)
