"""Payments on a real PostgreSQL, with a PSP in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.idempotency import fingerprint
from chassis.runtime import Wakeup
from payment_service.adapters.store import PostgresStore
from payment_service.bootstrap import Core, build_core
from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Funding, Payment
from payment_service.entrypoints.wire import event_to_wire
from payment_service.settings import PaymentSettings
from payment_service.use_cases.capture_payment import Charge
from payment_service.use_cases.place_hold import HoldRequest
from payment_service.use_cases.ports import PaymentServiceProvider
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp

USD = "USD"


def usd(amount_minor: int) -> Money:
    return Money(USD, amount_minor)


def fare(amount_minor: int, commission_basis_points: int = 2500) -> ChargeLine:
    return ChargeLine(ChargeLineKind.FARE, usd(amount_minor), commission_basis_points)


def request_key(method: str, key: str, *fields: object) -> RequestKey:
    return RequestKey("service:matching", method, key, fingerprint(*fields))


@dataclass
class Payments:
    """The service's use cases, asked as matching_service asks."""

    core: Core
    database: Database
    rider_id: UUID
    method_id: UUID

    async def hold(
        self, ride_id: UUID, amount_minor: int = 2500, *, key: str = "hold", funding: Funding = Funding.CARD
    ) -> Payment:
        method_id = self.method_id if funding is Funding.CARD else None
        hold = HoldRequest(ride_id, self.rider_id, funding, method_id, usd(amount_minor))
        return await self.core.use_cases.place_hold(request_key("PlaceHold", f"{ride_id}:{key}", amount_minor), hold)

    async def capture(
        self, ride_id: UUID, *lines: ChargeLine, key: str = "capture", driver_id: UUID | None = None
    ) -> Payment:
        charge = Charge(ride_id, driver_id or UUID(int=7), lines or (fare(2000),))
        digest = [[line.kind.value, line.amount.amount_minor] for line in charge.lines]
        return await self.core.use_cases.capture_payment(
            request_key("CapturePayment", f"{ride_id}:{key}", digest), charge
        )

    async def increment(self, ride_id: UUID, amount_minor: int, *, key: str = "increment") -> Payment:
        request = request_key("IncrementHold", f"{ride_id}:{key}", amount_minor)
        return await self.core.use_cases.increment_hold(request, ride_id, usd(amount_minor))

    async def void(self, ride_id: UUID, *, key: str = "void") -> Payment:
        return await self.core.use_cases.void_hold(request_key("VoidHold", f"{ride_id}:{key}"), ride_id)

    async def add_card(self, token: str, rider_id: UUID | None = None, *, key: str | None = None) -> UUID:
        request = RequestKey("rider", "AddPaymentMethod", key or str(uuid4()), fingerprint(token))
        return (await self.core.use_cases.add_payment_method(request, rider_id or self.rider_id, token)).id

    async def fund_wallet(self, amount_minor: int) -> None:
        await self._give(AccountKind.RIDER_WALLET, AccountKind.BANK, EntryKind.TOP_UP, amount_minor)

    async def grant_credit(self, amount_minor: int) -> None:
        await self._give(AccountKind.RIDER_CREDIT, AccountKind.PROMO, EntryKind.CREDIT_GRANT, amount_minor)

    async def _give(self, to: AccountKind, source: AccountKind, kind: EntryKind, amount_minor: int) -> None:
        postings = (
            Posting(Account(source), usd(amount_minor)),
            Posting(Account(to, str(self.rider_id)), usd(-amount_minor)),
        )
        async with store_over(self.database).transaction() as work:
            await work.ledger.post(JournalEntry(uuid4(), kind, uuid4(), None, StillClock().now(), postings))

    async def balance(self, kind: AccountKind, owner: UUID) -> int:
        """Return what an account holds in USD, in the direction in which it grows."""
        statement = "SELECT side * balance_minor AS amount FROM account_balance WHERE kind = :kind AND owner = :owner"
        rows = await self.rows(statement, kind=kind.value, owner=str(owner))
        return sum(row["amount"] for row in rows)

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        async with self.database.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    async def events_of(self, payment: Payment) -> list[str]:
        statement = "SELECT type FROM outbox WHERE aggregate_id = :id ORDER BY seq"
        return [row["type"].rsplit(".", 1)[1] for row in await self.rows(statement, id=payment.id)]


@pytest.fixture(scope="session")
def payment_url(migrated_postgres_url: Callable[[str], str]) -> str:
    """One database for all these tests: each has riders and rides of its own."""
    return migrated_postgres_url("payment")


@pytest.fixture(scope="session")
async def payment_database(payment_url: str) -> AsyncIterator[Database]:
    database = Database(payment_url, 12, name="payment tests", pool_timeout_seconds=60)
    yield database
    await database.dispose()


@pytest.fixture(scope="session")
def payment_settings(payment_url: str, jwks_file: Path, redis_url_for: Callable[[int], str]) -> PaymentSettings:
    return PaymentSettings(
        payment_database_url=payment_url,
        jwks_file=jwks_file,
        redis_url=redis_url_for(6),
        payment_listen="127.0.0.1:0",
        payment_metrics_listen="127.0.0.1:0",
        payment_psp_timeout_seconds=20,
    )


def store_over(database: Database) -> PostgresStore:
    return PostgresStore(database, event_to_wire, Uuid7Source(), Wakeup())


def core_over(database: Database, settings: PaymentSettings, psp: PaymentServiceProvider, clock: Clock) -> Core:
    return build_core(settings, store_over(database), psp, clock, Uuid7Source())


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def psp() -> FakePsp:
    return FakePsp(prefix=uuid4().hex[:8])


@pytest.fixture
async def payments(
    payment_database: Database, payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Payments]:
    """The use cases with a rider who has a good card."""
    core = core_over(payment_database, payment_settings, psp, clock)
    made = Payments(core, payment_database, uuid4(), uuid4())
    made.method_id = await made.add_card("pm_card_visa")
    yield made
    async with payment_database.transaction() as connection:
        # What is left open here is not for the next test's sweep.
        close = "UPDATE psp_operation SET state = 'refused', finished_at = created_at WHERE finished_at IS NULL"
        await connection.execute(text(close))
