"""Show a driver's account over a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from payment_service.domain.earnings_statement import Statement, sums_of
from payment_service.use_cases.ports import Store
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import Money

LONGEST_PERIOD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class StatementAsked:
    """Whose account, in which currency, over which period (its end is not part of it), and which page of it."""

    driver_id: UUID
    currency_code: str
    start: datetime
    end: datetime
    before: UUID | None
    limit: int


class GetEarningsStatement:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, asked: StatementAsked) -> Statement:
        """Return the statement; `invalid_period` (InvalidInput)."""
        if not asked.start < asked.end <= asked.start + LONGEST_PERIOD:
            description = f"must be after start_time, and by at most {LONGEST_PERIOD.days} days"
            violation = FieldViolation("end_time", description)
            raise InvalidInput("invalid_period", "the period is empty or too long", violations=[violation])
        whose = asked.driver_id, asked.currency_code, asked.start, asked.end
        async with self._store.snapshot() as work:
            facts, closing_minor = await work.driver_books.facts(*whose)
            lines = await work.driver_books.lines(*whose, asked.before, asked.limit)
        return Statement(
            opening=Money(asked.currency_code, facts.opening_minor),
            closing=Money(asked.currency_code, closing_minor),
            sums=sums_of(facts),
            lines=tuple(lines),
            next_after=lines[-1].entry_id if len(lines) == asked.limit else None,
        )
