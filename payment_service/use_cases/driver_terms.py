"""Agree on terms with a driver, show them, and apply them to charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.charge import ChargeLine
from payment_service.domain.driver_terms import DriverTerms, Model
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class TermsAsked:
    """What an operator agrees on; `effective_from` of None is now."""

    driver_id: UUID
    model: Model
    effective_from: datetime | None
    fee: Money | None
    period_days: int
    set_by: str


class SetDriverTerms:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, asked: TermsAsked) -> DriverTerms:
        """Return the terms.

        Raises:
            InvalidInput: `invalid_terms`, `effective_time_passed`.
            Conflict: `terms_exist`, others hold from the very same time on.
        """

        async def begin(work: Work) -> Step:
            await work.terms.lock_driver(asked.driver_id)
            now = self._clock.now()
            terms = DriverTerms(
                id=self._ids(),
                driver_id=asked.driver_id,
                model=asked.model,
                effective_from=asked.effective_from or now,
                fee=asked.fee,
                period_days=asked.period_days,
                set_by=asked.set_by,
                created_at=now,
            )
            terms.refuse_wrong()
            if terms.effective_from < now:
                violation = FieldViolation("effective_time", "must not be in the past")
                message = "what was charged before cannot be agreed on any more"
                raise InvalidInput("effective_time_passed", message, violations=[violation])
            if not await work.terms.add(terms):
                raise Conflict("terms_exist", "other terms hold from the same time on")
            if terms.model is Model.SUBSCRIPTION:
                await work.terms.next_fee(terms.id, terms.effective_from)
            return Recorded(terms.id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Recorded):
            raise ValueError("terms are answered at once")
        async with self._store.snapshot() as work:
            return await work.terms.get(answer.id)


class GetDriverTerms:
    """The use case."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, driver_id: UUID) -> tuple[DriverTerms | None, Sequence[DriverTerms]]:
        """Return the terms in force, None where none were ever set (commission then), and those to come."""
        now = self._clock.now()
        async with self._store.snapshot() as work:
            return await work.terms.in_force(driver_id, now), await work.terms.upcoming(driver_id, now)


async def under_terms(
    work: Work, lines: tuple[ChargeLine, ...], driver_id: UUID, at: datetime
) -> tuple[ChargeLine, ...]:
    """Return a charge's lines as the driver's terms share them."""
    terms = await work.terms.in_force(driver_id, at)
    return lines if terms is None else terms.apply(lines)
