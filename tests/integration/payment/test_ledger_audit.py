"""The audit of the ledger: it finds nothing where all is well, and every contradiction that is made by force."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from payment_service.domain.audit import AuditPlace, DifferenceKind, LedgerDifference
from payment_service.domain.payment import Funding
from payment_service.domain.reconciliation import ItemKind
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.books import Books, books_of_their_own
from tests.integration.payment.conftest import fare, usd

_UNCAPTURED = """
    UPDATE payment
    SET previous = 'hold_pending', status = 'held', captured_at = NULL, lines = NULL, captured_minor = 0
"""
_GUARDED = ("payment", "journal_entry", "posting", "balance")


@pytest.fixture
async def books(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Books]:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as made:
        await made.ride(fare(2000))
        await made.ride(fare(1500), funding=Funding.CASH)
        yield made


async def found(books: Books) -> list[LedgerDifference]:
    audit = books.payments.core.reconciliation.use_cases.audit
    differences: list[LedgerDifference] = []
    place: AuditPlace | None = AuditPlace()
    while place is not None:
        part = await audit(place)
        differences += part.differences
        place = part.next_place
    return differences


async def by_force(books: Books, *statements: str) -> None:
    """Change what the database would not let anybody change."""
    async with books.payments.database.transaction() as connection:
        for table in _GUARDED:
            await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            assert (await connection.execute(text(statement))).rowcount
        for table in _GUARDED:
            await connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


async def test_nothing_contradicts_while_money_is_held_and_under_way(books: Books) -> None:
    await books.fill_wallet_by_card(usd(9000))
    await books.payments.hold(uuid4(), 1200, funding=Funding.WALLET)
    await books.payments.hold(uuid4(), 1300)
    books.psp.fail("charge", Fault.TIMEOUT_BEFORE_EFFECT)
    await books.ride(fare(4000), hold_minor=2500)
    await books.payments.core.sweep()

    assert await found(books) == []


async def test_rolled_up_or_not_balances_are_the_same(books: Books) -> None:
    async with books.payments.database.transaction() as connection:
        await connection.execute(text("SELECT roll_up_balances(1)"))

    assert await found(books) == []


async def test_a_balance_that_does_not_follow_its_postings_is_found_and_becomes_an_item(books: Books) -> None:
    await by_force(
        books,
        "UPDATE balance SET credits_minor = credits_minor + 7 "
        "WHERE account_id = (SELECT id FROM account WHERE kind = 'driver' LIMIT 1)",
    )

    [difference] = await found(books)
    assert (difference.kind, difference.kept.amount_minor - difference.expected.amount_minor) == (
        DifferenceKind.BALANCE,
        -7,
    )
    accounts, differences = await books.payments.core.reconciliation.use_cases.audit.whole()
    assert (accounts, differences) == (3, 1)
    assert await books.open_items() == [(ItemKind.LEDGER_DIFFERS, -7)]


async def test_what_is_set_aside_for_nothing_is_found(books: Books) -> None:
    await books.fill_wallet_by_card(usd(9000))
    await by_force(
        books,
        "UPDATE balance SET held_minor = 40 WHERE account_id = (SELECT id FROM account WHERE kind = 'rider_wallet')",
    )

    [difference] = await found(books)

    assert (difference.kind, difference.kept, difference.expected) == (DifferenceKind.HELD, usd(40), usd(0))


async def test_a_captured_payment_without_an_entry_and_the_reverse_are_found(books: Books) -> None:
    await by_force(
        books,
        "DELETE FROM posting WHERE entry_id = (SELECT min(id::text)::uuid FROM journal_entry)",
        "DELETE FROM journal_entry WHERE id = (SELECT min(id::text)::uuid FROM journal_entry)",
    )
    kinds = [difference.kind for difference in await found(books)]
    assert DifferenceKind.ENTRY in kinds
    assert DifferenceKind.BALANCE in kinds

    await by_force(books, _UNCAPTURED)
    details = [difference.detail for difference in await found(books)]
    assert any("is of a payment that is held" in detail for detail in details)
