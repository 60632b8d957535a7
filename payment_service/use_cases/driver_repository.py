"""What the store keeps of drivers' terms, standing and surplus, as the use cases ask for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from payment_service.domain.driver_terms import DriverTerms
from payment_service.domain.earnings_statement import StatementFacts, StatementLine
from payment_service.domain.patronage import Patronage, PatronageRecord, PatronageShare
from payment_service.domain.standing import Standing
from shared_kernel.money import Money


class DriverPayment(NamedTuple):
    """Money that a driver paid in at a desk; `recorded_by` is the operator, `reference` finds it again."""

    id: UUID
    driver_id: UUID
    amount: Money
    reference: str
    recorded_by: str
    created_at: datetime


class Standings(Protocol):
    """How drivers stand."""

    async def of(self, driver_id: UUID, currency_code: str, floor_minor: int) -> Standing:
        """Return how a driver stands now."""
        ...

    async def changed(self, drivers: Collection[tuple[UUID, str]], floor_minor: int) -> Sequence[Standing]:
        """Return those of drivers (with a currency) whose standing is not the one told last."""
        ...

    async def outdated(self, floor_minor: int) -> tuple[UUID, str] | None:
        """Return a driver (with a currency), whoever, whose standing is not the one told last."""
        ...

    async def record(self, standing: Standing, now: datetime) -> int:
        """Write down that a standing is told; return the driver's next version."""
        ...


class Terms(Protocol):
    """Agreements with drivers."""

    async def lock_driver(self, driver_id: UUID) -> None:
        """Serialize changes of a driver's terms for the rest of the transaction."""
        ...

    async def add(self, terms: DriverTerms) -> bool:
        """Write terms down; False if there are others from the same time on."""
        ...

    async def get(self, terms_id: UUID) -> DriverTerms: ...

    async def in_force(self, driver_id: UUID, at: datetime) -> DriverTerms | None:
        """Return a driver's terms at a time; None where none were ever set."""
        ...

    async def upcoming(self, driver_id: UUID, after: datetime) -> Sequence[DriverTerms]:
        """Return the terms agreed for later, the next ones first, at most 20."""
        ...

    async def due_fee(self, now: datetime) -> tuple[DriverTerms, datetime] | None:
        """Return a subscription and the begin of a period whose fee is due, locked and in nobody else's hands."""
        ...

    async def next_fee(self, terms_id: UUID, period_at: datetime | None) -> None:
        """Say when the next fee is due; None where no more will be."""
        ...


class Patronages(Protocol):
    """Surplus given back."""

    async def commissions(self, period_from: datetime, period_to: datetime, currency_code: str) -> Mapping[UUID, int]:
        """Return what each driver's rides brought under patronage in a period, in minor units."""
        ...

    async def declare(self, patronage: Patronage, parts: Sequence[PatronageShare]) -> bool:
        """Write a declaration and its shares; False if another has a part of the period already."""
        ...

    async def get(self, patronage_id: UUID) -> PatronageRecord: ...

    async def page(self, driver_id: UUID | None, before: UUID | None, limit: int) -> Sequence[PatronageRecord]:
        """Return declarations, newest first, before one of them; of a driver, those with a share."""
        ...

    async def take_unposted(self) -> PatronageShare | None:
        """Return a share that is not posted yet, locked and in nobody else's hands."""
        ...

    async def posted(self, share: PatronageShare, at: datetime) -> None: ...


class DriverBooks(Protocol):
    """A driver's account, read and paid into."""

    async def record_payment(self, payment: DriverPayment) -> None: ...

    async def facts(
        self, driver_id: UUID, currency_code: str, start: datetime, end: datetime
    ) -> tuple[StatementFacts, int]:
        """Return what the books say of a period, and the balance at its end in minor units."""
        ...

    async def lines(
        self, driver_id: UUID, currency_code: str, start: datetime, end: datetime, before: UUID | None, limit: int
    ) -> Sequence[StatementLine]:
        """Return the entries of a period, newest first, before one of them."""
        ...
