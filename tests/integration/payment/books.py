"""A service's books on a database of their own: rides are driven, the PSP settles, reconciliation compares."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from chassis.database import Database
from payment_service.domain.charge import ChargeLine
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.operation import Operation
from payment_service.domain.orders import ChargeOrder
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.reconciliation import Item, ItemKind, Run, RunStatus
from payment_service.settings import PaymentSettings
from payment_service.use_cases.resolve_item import ItemDecision
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, core_over, request_key, store_over

_MAX_STEPS = 500


@dataclass
class Books:
    """The use cases, and all around them that an accountant would know."""

    payments: Payments
    psp: FakePsp
    clock: StillClock
    ids: Callable[[], UUID]

    async def ride(
        self,
        *lines: ChargeLine,
        funding: Funding = Funding.CARD,
        hold_minor: int = 2500,
        driver_id: UUID | None = None,
    ) -> Payment:
        """Drive a ride and collect its charge."""
        ride_id = uuid4()
        await self.payments.hold(ride_id, hold_minor, funding=funding)
        return await self.payments.capture(ride_id, *lines, driver_id=driver_id)

    async def fill_wallet(self, amount: Money) -> None:
        """Give the rider wallet money that came by the bank."""
        wallet = Account(AccountKind.RIDER_WALLET, str(self.payments.rider_id))
        legs = Posting(Account(AccountKind.BANK), amount), Posting(wallet, -amount)
        await self.post(EntryKind.TOP_UP, uuid4(), *legs)

    async def fill_wallet_by_card(self, amount: Money) -> None:
        """Let the rider pay money into the wallet by card."""
        payments, rider_id = self.payments, self.payments.rider_id
        async with store_over(payments.database).snapshot() as work:
            method = await work.payment_methods.get(payments.method_id)
        order = ChargeOrder(method.customer_id, method.psp_card_id, amount)
        payment = Payment.begin(
            self.ids(),
            Purpose.TOP_UP,
            Funding.CARD,
            rider_id,
            amount,
            self.clock.now(),
            payment_method_id=payments.method_id,
        )
        async with store_over(payments.database).transaction() as work:
            await work.payments.insert(payment)
            operation = Operation.begin(
                self.ids(), order, self.clock.now(), 0, rider_id=rider_id, payment_id=payment.id
            )
            await work.operations.insert(operation)
        await payments.core.sweep()

    async def post(self, kind: EntryKind, source_id: UUID, *legs: Posting) -> None:
        """Book what another part of the service would."""
        async with store_over(self.payments.database).transaction() as work:
            await work.ledger.post(JournalEntry(self.ids(), kind, source_id, None, self.clock.now(), legs))

    async def reconcile(self) -> Run:
        """Run a whole reconciliation."""
        core = self.payments.core.reconciliation
        run = await core.use_cases.start(request_key("StartReconciliation", str(uuid4())))
        for _ in range(_MAX_STEPS):
            if not await core.reconcile():
                break
        run = await core.use_cases.read.run(run.id)
        assert run.status is RunStatus.COMPLETED, run
        return run

    async def open_items(self) -> list[tuple[ItemKind, int]]:
        """Return kind and amount of what does not agree."""
        return [(item.kind, item.amount.amount_minor) for item in await self.items()]

    async def items(self) -> list[Item]:
        read = self.payments.core.reconciliation.use_cases.read
        return list(await read.items(only_open=True, after=None, limit=100))

    async def decide(self, decision: ItemDecision) -> Item:
        resolve = self.payments.core.reconciliation.use_cases.resolve
        return await resolve(request_key("ResolveItem", str(uuid4())), decision)

    async def total(self, kind: AccountKind) -> int:
        """Return debits less credits of all accounts of a kind in USD."""
        statement = (
            "SELECT coalesce(sum(balance_minor), 0)::bigint AS total FROM account_balance "
            "WHERE kind = :kind AND currency_code = 'USD'"
        )
        return (await self.payments.rows(statement, kind=kind.value))[0]["total"]


@asynccontextmanager
async def books_of_their_own(
    url: str, settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncGenerator[Books]:
    """Keep books on a database that nobody else writes to, with a rider who has a good card."""
    database = Database(url, 6, name="books")
    psp.now = clock.now
    payments = Payments(core_over(database, settings, psp, clock), database, uuid4(), uuid4())
    payments.method_id = await payments.add_card("pm_card_visa")
    yield Books(payments, psp, clock, Uuid7Source())
    await database.dispose()
