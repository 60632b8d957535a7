"""Drivers' money, asked as drivers, operators and the passing of time ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from google.protobuf.message import Message

from payment_service.bootstrap_driver_money import DriverMoney
from payment_service.domain.driver_terms import Model
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.payout import Payout
from payment_service.domain.payout_account import PayoutAccount
from payment_service.use_cases.driver_terms import TermsAsked
from ridesharing.payment.v1 import events_pb2
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, fare, request_key, usd


@dataclass
class Drivers:
    """A driver, and all that can happen to the driver's money."""

    payments: Payments
    psp: FakePsp
    clock: StillClock
    driver_id: UUID = field(default_factory=uuid4)

    @property
    def money(self) -> DriverMoney:
        return self.payments.core.driver_money

    async def earn(self, amount_minor: int, commission_basis_points: int = 0, *, cash: bool = False) -> UUID:
        """Drive a ride and return it."""
        ride_id = uuid4()
        await self.payments.hold(ride_id, amount_minor, funding=Funding.CASH if cash else Funding.CARD)
        await self.payments.capture(ride_id, fare(amount_minor, commission_basis_points), driver_id=self.driver_id)
        return ride_id

    async def set_bank(self, token: str = "btok_us_verified", *, key: str | None = None) -> PayoutAccount:  # noqa: S107 (a test's token)
        request = request_key("SetPayoutAccount", f"{self.driver_id}:{key or uuid4()}", token)
        return await self.money.payouts.set_payout_account(request, self.driver_id, token, "US")

    async def agree(
        self, model: Model, *, at: datetime | None = None, fee: Money | None = None, period_days: int = 0
    ) -> UUID:
        asked = TermsAsked(self.driver_id, model, at, fee, period_days, "op")
        return (await self.money.accounts.set_driver_terms(request_key("SetDriverTerms", str(uuid4())), asked)).id

    async def ask(self, amount_minor: int = 0, *, key: str | None = None) -> Payout:
        request = request_key("RequestPayout", f"{self.driver_id}:{key or uuid4()}", amount_minor)
        return await self.money.payouts.request_payout(request, self.driver_id, usd(amount_minor))

    async def retry(self, payout: Payout, *, key: str | None = None) -> Payout:
        request = request_key("RetryPayout", f"{self.driver_id}:{key or uuid4()}", str(payout.id))
        return await self.money.payouts.retry_payout(request, payout.id)

    async def see(self, payout: Payout) -> Payout:
        return await self.money.payouts.get_payout(payout.id, None)

    async def owed(self) -> int:
        return await self.payments.balance(AccountKind.DRIVER, self.driver_id)

    async def settle(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(6):
            while await self.payments.core.sweep():
                pass
            for name in ("payouts at banks", "scheduled payouts", "subscription fees", "patronage"):
                while await self.step(name):
                    pass

    async def step(self, name: str) -> bool:
        return await self.money.steps[name].step()

    async def banks_work(self, hours: int = 7) -> None:
        """Let banks do their work, and be told."""
        self.psp.banks_work()
        self.clock.advance(hours=hours)
        await self.settle()

    async def told(self, payout: Payout) -> list[Message]:
        """Return what the others are told of a payout, in order."""
        statement = "SELECT type, payload FROM outbox WHERE aggregate_id = :id ORDER BY seq"
        rows = await self.payments.rows(statement, id=payout.id)
        return [getattr(events_pb2, row["type"].rpartition(".")[2]).FromString(row["payload"]) for row in rows]

    async def entries(self, payout: Payout) -> list[str]:
        """Return the kinds of the entries of a payout, in order."""
        statement = "SELECT kind FROM journal_entry WHERE source_id = :id ORDER BY id"
        return [row["kind"] for row in await self.payments.rows(statement, id=payout.id)]
