"""Statements that add up, payments in pages, and the story of a payment as an operator reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chassis.database import Database
from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.payment import Funding, Purpose
from payment_service.domain.statement import StatementEntry, StatementPlace, StatementQuery
from payment_service.settings import PaymentSettings
from shared_kernel.errors import InvalidInput, NotFound
from shared_kernel.ids import Uuid7Source
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.books import Books
from tests.integration.payment.conftest import USD, Payments, fare, usd

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def books(
    payment_database: Database,
    payment_settings: PaymentSettings,
    psp: FakePsp,
    clock: StillClock,
    payments: Payments,
) -> Books:
    psp.now = clock.now
    return Books(payments, psp, clock, Uuid7Source())


def of_driver(books: Books, driver_id: object, since: datetime = BEGINNING) -> StatementQuery:
    books.clock.advance(seconds=1)
    return StatementQuery(Account(AccountKind.DRIVER, str(driver_id)), USD, since, books.clock.now())


async def test_opening_and_entries_make_the_closing_page_by_page(books: Books) -> None:
    statements, driver_id = books.payments.core.reconciliation.statements, uuid4()
    await books.ride(fare(1000, 0), driver_id=driver_id)
    books.clock.advance(days=1)
    since = books.clock.now()
    for amount_minor in (2000, 1500, 700, 900):
        await books.ride(fare(amount_minor, 0), driver_id=driver_id)
        books.clock.advance(minutes=1)
    query = of_driver(books, driver_id, since)
    await books.ride(fare(100, 0), driver_id=driver_id)

    entries: list[StatementEntry] = []
    place: StatementPlace | None = None
    while True:
        page = await statements.page(query, place, 3)
        entries += page.entries
        assert (page.opening, page.closing) == (usd(1000), usd(6100))
        if page.next_place is None:
            break
        place = page.next_place

    assert [entry.amount.amount_minor for entry in entries] == [2000, 1500, 700, 900]
    assert [entry.balance.amount_minor for entry in entries] == [3000, 4500, 5200, 6100]
    assert {(entry.kind, entry.purpose) for entry in entries} == {("capture", Purpose.RIDE)}
    assert all(entry.ride_id is not None for entry in entries)


async def test_a_cash_ride_takes_from_the_driver(books: Books) -> None:
    driver_id = uuid4()
    await books.ride(fare(1000), driver_id=driver_id, funding=Funding.CASH)

    page = await books.payments.core.reconciliation.statements.page(of_driver(books, driver_id), None, 10)

    assert ([entry.amount for entry in page.entries], page.closing) == ([usd(-250)], usd(-250))


async def test_an_account_that_nothing_moved_has_no_statement(books: Books) -> None:
    statements = books.payments.core.reconciliation.statements
    with pytest.raises(NotFound):
        await statements.page(of_driver(books, uuid4()), None, 10)
    backwards = StatementQuery(Account(AccountKind.BANK), USD, books.clock.now(), BEGINNING)
    with pytest.raises(InvalidInput) as refused:
        await statements.page(backwards, None, 10)
    assert refused.value.reason == "invalid_period"


async def test_payments_come_newest_first_and_only_the_riders_own(books: Books) -> None:
    statements, rider_id = books.payments.core.reconciliation.statements, books.payments.rider_id
    rides = [uuid4() for _ in range(5)]
    for ride_id in rides:
        await books.payments.hold(ride_id)

    first = await statements.payments(rider_id, None, 3)
    second = await statements.payments(rider_id, first[-1].id, 3)

    assert [payment.ride_id for payment in [*first, *second]] == rides[::-1]
    assert await statements.payments(uuid4(), None, 3) == []


async def test_the_story_tells_what_happened_in_its_order(books: Books) -> None:
    statements, ride_id = books.payments.core.reconciliation.statements, uuid4()
    books.psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
    await books.payments.hold(ride_id)
    books.clock.advance(seconds=10)
    await books.payments.core.sweep()
    await books.payments.capture(ride_id, fare(4000))
    books.clock.advance(seconds=1)
    await books.payments.core.sweep()

    story = await statements.story(ride_id)

    assert story.ride_id == ride_id
    assert [payment.purpose for payment in story.payments] == [Purpose.RIDE, Purpose.EXCESS]
    assert {payment.id for payment in (await statements.story(story.payments[1].id)).payments} == {
        payment.id for payment in story.payments
    }
    told = [(event.subject, event.kind, event.state) for event in story.events]
    assert [event.at for event in story.events] == sorted(event.at for event in story.events)
    for expected in (
        ("payment", "ride by card", "captured"),
        ("operation", "hold", "succeeded"),
        ("operation", "capture", "succeeded"),
        ("operation", "charge", "succeeded"),
        ("request", "PlaceHold", "answered"),
        ("request", "CapturePayment", "answered"),
        ("entry", "capture", "posted"),
        ("entry", "collection", "posted"),
    ):
        assert expected in told
    [hold] = [event for event in story.events if event.kind == "hold"]
    assert (hold.facts["tries"], hold.facts["attempt"]) == ("2", "1")
    [posted] = [event for event in story.events if (event.subject, event.kind) == ("entry", "capture")]
    assert "psp_receivable +2500" in posted.facts["postings"]
    text = str(story.events)
    assert "pm_" not in text
    assert not story.is_cut


async def test_there_is_no_story_of_nothing(books: Books) -> None:
    with pytest.raises(NotFound):
        await books.payments.core.reconciliation.statements.story(uuid4())


async def test_a_receipt_tells_all_that_a_ride_cost_and_how_it_was_paid(books: Books) -> None:
    get_receipt, ride_id = books.payments.core.use_cases.get_receipt, uuid4()
    await books.payments.hold(ride_id)
    await books.payments.capture(ride_id, fare(4000))
    before = await get_receipt.account(ride_id, books.payments.rider_id)
    assert (before.collected, before.outstanding) == (usd(2500), usd(1500))

    books.clock.advance(seconds=1)
    await books.payments.core.sweep()

    after = await get_receipt.account(ride_id, books.payments.rider_id)
    assert (after.collected, after.outstanding, after.paid) == (usd(4000), usd(0), usd(4000))
    assert [(part.purpose, part.amount, part.last_digits) for part in after.parts] == [
        (Purpose.RIDE, usd(2500), "4242"),
        (Purpose.EXCESS, usd(1500), "4242"),
    ]
    with pytest.raises(NotFound):
        await get_receipt.account(ride_id, uuid4())
