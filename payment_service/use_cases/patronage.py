"""Give surplus back to member drivers: declared by an operator, posted a driver at a time, shown to both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.patronage import Patronage, PatronageRecord, shared_out
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Failpoint, Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class PatronageAsked:
    """What an operator declares for a period, whose end is not part of it."""

    period_from: datetime
    period_to: datetime
    amount: Money
    declared_by: str


class DeclarePatronage:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, asked: PatronageAsked) -> PatronageRecord:
        """Return the declaration; its shares are posted by `PostPatronage`.

        Raises:
            InvalidInput: `invalid_period`, `invalid_amount`.
            Conflict: `period_not_over`, `patronage_period_taken`, `no_members`, `exceeds_commission`.
        """
        if asked.period_to <= asked.period_from:
            violation = FieldViolation("end_time", "must be after start_time")
            raise InvalidInput("invalid_period", "the period ends before it begins", violations=[violation])
        refuse_nothing(asked.amount)

        async def begin(work: Work) -> Step:
            now = self._clock.now()
            if asked.period_to > now:
                raise Conflict("period_not_over", "commission may still come in during this period")
            code, patronage_id = asked.amount.currency_code, self._ids()
            commissions = await work.patronages.commissions(asked.period_from, asked.period_to, code)
            shares = shared_out(patronage_id, asked.amount, commissions)
            whole = Money(code, sum(minor for minor in commissions.values() if minor > 0))
            patronage = Patronage(
                patronage_id, asked.period_from, asked.period_to, asked.amount, whole, asked.declared_by, now
            )
            if not await work.patronages.declare(patronage, shares):
                raise Conflict("patronage_period_taken", "patronage was declared for a part of this period already")
            return Recorded(patronage_id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Recorded):
            raise ValueError("a declaration is answered at once")
        async with self._store.snapshot() as work:
            return await work.patronages.get(answer.id)


class ListPatronage:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, driver_id: UUID | None, before: UUID | None, limit: int
    ) -> tuple[Sequence[PatronageRecord], UUID | None]:
        """Return declarations, newest first, and the last one's id where there may be more."""
        async with self._store.snapshot() as work:
            records = await work.patronages.page(driver_id, before, limit)
        return records, records[-1].patronage.id if len(records) == limit else None


class PostPatronage:
    """The use case; run by every replica."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, failpoint: Failpoint) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._failpoint = failpoint

    async def __call__(self) -> bool:
        """Post one driver's share; tell whether there may be more."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            share = await work.patronages.take_unposted()
            if share is None:
                return False
            await work.ledger.post(share.entry(self._ids(), now))
            await work.patronages.posted(share, now)
            self._failpoint("patronage.posted")
        self._failpoint("patronage.recorded")
        return True
