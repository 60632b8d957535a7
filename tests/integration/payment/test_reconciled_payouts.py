"""Payouts against the PSP's list: whatever becomes of them, both sides are the same in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from payment_service.domain.ledger import AccountKind
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.books import Books, books_of_their_own
from tests.integration.payment.driver_money import Drivers


@pytest.fixture
async def books(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Books]:
    changed = payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})
    async with books_of_their_own(migrated_postgres_url("payment"), changed, psp, clock) as made:
        yield made


async def agrees(books: Books) -> bool:
    """Reconcile; tell whether nothing is open and nothing waits."""
    await books.reconcile()
    waiting = await books.payments.rows("SELECT id FROM psp_balance_transaction WHERE state <> 'matched'")
    return not waiting and not await books.open_items()


@pytest.mark.parametrize(
    ("bank", "receivable_minor"),
    [
        ("btok_us_verified", 2000 - 88 - 1200),
        ("btok_us_verified_noAccount", 2000 - 88),
        ("btok_sandbox_returned", 2000 - 88),
    ],
)
async def test_payout_waits_while_it_is_under_way_and_agrees_in_the_end(
    books: Books, bank: str, receivable_minor: int
) -> None:
    drivers = Drivers(books.payments, books.psp, books.clock)
    await drivers.set_bank(bank)
    await drivers.earn(2000)
    await drivers.ask(1200)
    await drivers.settle()
    assert not await agrees(books)
    assert await books.open_items() == []

    for _ in range(3):
        await drivers.banks_work()

    assert await agrees(books)
    assert await books.total(AccountKind.PAYOUT_TRANSIT) == 0
    assert await books.total(AccountKind.PSP_RECEIVABLE) == receivable_minor
