"""What statements, reports and stories ask of the store: reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.payment import Payment
from payment_service.domain.report import ClearingAge, ClearingDay, CollectedDay, ListedSum
from payment_service.domain.statement import StatementPage, StatementPlace, StatementQuery, StoryEvent


class Books(Protocol):
    """The books, for people."""

    async def statement(self, query: StatementQuery, after: StatementPlace | None, limit: int) -> StatementPage:
        """Return a page of a statement; `account_not_found` (NotFound) for an account that nothing moved."""
        ...

    async def payments(self, rider_id: UUID | None, before: UUID | None, limit: int) -> Sequence[Payment]:
        """Return payments, the newest first."""
        ...

    async def payments_around(self, payment_or_ride_id: UUID, limit: int) -> Sequence[Payment]:
        """Return a payment and the others of its ride, or all of a ride, the oldest first."""
        ...

    async def story_of(self, payment_ids: Sequence[UUID], limit: int) -> Sequence[StoryEvent]:
        """Return what happened around payments, the oldest first."""
        ...

    async def collected(self, first: date, last: date) -> Sequence[CollectedDay]: ...

    async def clearing_days(self, first: date, last: date) -> Sequence[ClearingDay]: ...

    async def listed_sums(self, first: date, last: date) -> Sequence[ListedSum]: ...

    async def clearing_ages(self, now: datetime) -> Sequence[ClearingAge]: ...
