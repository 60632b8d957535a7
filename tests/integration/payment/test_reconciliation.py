"""The PSP's own list against the ledger: to the last unit, whatever comes late, twice, otherwise or never."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.psp_transaction import TransactionKind
from payment_service.domain.reconciliation import Item, ItemKind, ItemStatus, Resolution, RunStatus
from payment_service.settings import PaymentSettings
from payment_service.use_cases.reconcile import PAGE
from payment_service.use_cases.resolve_item import ItemDecision
from shared_kernel.errors import Conflict, InvalidInput
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.books import Books, books_of_their_own
from tests.integration.payment.conftest import core_over, fare, request_key, usd


@pytest.fixture
async def books(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Books]:
    """Books with nothing in them."""
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as made:
        yield made


def decision(item: Item, resolution: Resolution, account_kind: str = "") -> ItemDecision:
    return ItemDecision(item.id, resolution, account_kind, "seen at the PSP's dashboard", "operator")


async def test_a_day_of_rides_settles_to_zero_and_leaves_no_item(books: Books) -> None:
    for _ in range(3):
        await books.ride(fare(2000))
    await books.ride(fare(1500), funding=Funding.CASH)
    await books.fill_wallet(usd(5000))
    await books.ride(fare(1800), funding=Funding.WALLET)
    books.clock.advance(days=2)
    books.psp.settles()

    run = await books.reconcile()

    fees_minor = 3 * 88
    assert (run.imported_count, run.matched_count, run.opened_count) == (4, 4, 0)
    assert await books.open_items() == []
    assert await books.total(AccountKind.PSP_RECEIVABLE) == 0
    assert await books.total(AccountKind.PSP_FEE) == fees_minor
    assert await books.total(AccountKind.BANK) == 6000 - fees_minor + 5000


async def test_one_transaction_that_differs_is_exactly_one_item(books: Books) -> None:
    for _ in range(4):
        await books.ride(fare(2000))
    changed = books.psp.transactions[2]
    books.psp.transactions[2] = replace(changed, amount=usd(1999))

    await books.reconcile()
    await books.reconcile()

    assert await books.open_items() == [(ItemKind.AMOUNT_DIFFERS, -1)]


async def test_a_second_run_books_no_fee_and_no_settlement_twice(books: Books) -> None:
    await books.ride(fare(2000))
    books.psp.settles()
    await books.reconcile()
    before = await books.total(AccountKind.PSP_FEE), await books.total(AccountKind.BANK)

    run = await books.reconcile()

    assert (run.imported_count, run.matched_count) == (0, 0)
    assert (await books.total(AccountKind.PSP_FEE), await books.total(AccountKind.BANK)) == before


async def test_what_nobody_knows_waits_a_day_and_is_an_item_then(books: Books) -> None:
    books.psp.lists(TransactionKind.CHARGE, usd(700), parent_id="pi_of_somebody")
    await books.reconcile()
    assert await books.open_items() == []

    books.clock.advance(hours=24)
    await books.reconcile()

    assert await books.open_items() == [(ItemKind.UNKNOWN_TRANSACTION, 700 - 50)]


async def test_an_item_closes_by_itself_once_both_sides_agree(books: Books) -> None:
    payment = await books.ride(fare(2000))
    whole = books.psp.transactions.pop()
    # The PSP may list the whole hold, and take back later what was not captured of it.
    books.psp.lists(TransactionKind.CHARGE, usd(2500), parent_id=whole.parent_id)
    await books.reconcile()
    assert await books.open_items() == [(ItemKind.AMOUNT_DIFFERS, 500)]

    books.psp.lists(TransactionKind.CHARGE, usd(-500), parent_id=whole.parent_id, fee_minor=0)
    run = await books.reconcile()

    assert (run.closed_count, await books.open_items()) == (1, [])
    states = await books.payments.rows(
        "SELECT DISTINCT state FROM psp_balance_transaction WHERE subject_id = :id", id=payment.id
    )
    assert states == [{"state": "matched"}]


async def test_what_is_booked_and_never_listed_is_an_item_after_three_days(books: Books) -> None:
    await books.ride(fare(2000))
    listed = books.psp.transactions.pop()
    await books.reconcile()
    assert await books.open_items() == []

    books.clock.advance(days=4)
    await books.reconcile()
    assert await books.open_items() == [(ItemKind.MISSING_AT_PSP, -2000)]

    books.psp.transactions.append(replace(listed, created_at=books.clock.now()))
    await books.reconcile()
    assert await books.open_items() == []


async def test_money_that_does_not_leave_a_clearing_account_is_an_item_until_it_does(books: Books) -> None:
    await books.ride(fare(2000))
    books.clock.advance(days=11)
    await books.ride(fare(1000))
    await books.reconcile()
    # What came lately covers the fees first in, so the old part is what remains of the first ride.
    items = await books.items()
    assert [item.kind for item in items] == [ItemKind.CLEARING_AGED]
    assert items[0].amount == usd(2000 - 88 - 59)

    books.psp.settles()
    await books.reconcile()

    assert await books.open_items() == []


async def test_an_explained_age_is_told_again_only_when_it_is_another(books: Books) -> None:
    await books.ride(fare(2000))
    books.clock.advance(days=11)
    await books.reconcile()
    [item] = await books.items()
    await books.decide(decision(item, Resolution.EXPLAINED))

    await books.reconcile()
    assert await books.open_items() == []

    await books.ride(fare(1000))
    books.clock.advance(days=11)
    await books.reconcile()
    assert [kind for kind, _ in await books.open_items()] == [ItemKind.CLEARING_AGED]


async def test_a_difference_goes_to_suspense_and_from_there_to_an_account(books: Books) -> None:
    books.psp.lists(TransactionKind.CHARGE, usd(700), parent_id="pi_of_somebody", fee_minor=0)
    books.clock.advance(days=1)
    await books.reconcile()
    [item] = await books.items()

    waiting = await books.decide(decision(item, Resolution.SUSPENSE))
    assert (waiting.status, await books.total(AccountKind.SUSPENSE)) == (ItemStatus.IN_SUSPENSE, -700)
    assert await books.total(AccountKind.PSP_RECEIVABLE) == 700
    with pytest.raises(Conflict, match="book it"):
        await books.decide(decision(item, Resolution.EXPLAINED))

    closed = await books.decide(decision(item, Resolution.BOOKED, "commission"))
    assert (closed.status, await books.total(AccountKind.SUSPENSE)) == (ItemStatus.CLOSED, 0)
    assert await books.total(AccountKind.COMMISSION) == -700
    with pytest.raises(Conflict) as again:
        await books.decide(decision(item, Resolution.BOOKED, "commission"))
    assert again.value.reason == "item_closed"
    await books.reconcile()
    assert await books.open_items() == []


async def test_a_difference_that_is_another_one_than_was_seen_is_not_booked(books: Books) -> None:
    await books.ride(fare(2000))
    whole = books.psp.transactions.pop()
    books.psp.lists(TransactionKind.CHARGE, usd(2500), parent_id=whole.parent_id)
    await books.reconcile()
    [seen] = await books.items()
    books.psp.lists(TransactionKind.CHARGE, usd(-300), parent_id=whole.parent_id, fee_minor=0)
    await books.reconcile()
    [item] = await books.items()
    assert (item.id, seen.amount, item.amount) == (seen.id, usd(500), usd(200))

    with pytest.raises(Conflict) as changed:
        await books.decide(replace(decision(seen, Resolution.BOOKED, "goodwill"), seen_amount=seen.amount))
    assert changed.value.reason == "item_changed"
    assert (await books.total(AccountKind.GOODWILL), await books.items()) == (0, [item])

    await books.decide(replace(decision(item, Resolution.BOOKED, "goodwill"), seen_amount=item.amount))
    assert (await books.total(AccountKind.GOODWILL), await books.items()) == (-200, [])


@pytest.mark.parametrize(("later_minor", "left"), [(-300, -300), (-500, -500)])
async def test_what_was_booked_for_an_item_counts_when_more_is_listed(
    books: Books, later_minor: int, left: int
) -> None:
    await books.ride(fare(2000))
    whole = books.psp.transactions.pop()
    books.psp.lists(TransactionKind.CHARGE, usd(2500), parent_id=whole.parent_id, fee_minor=0)
    await books.reconcile()
    [item] = await books.items()
    await books.decide(decision(item, Resolution.BOOKED, "goodwill"))
    await books.reconcile()
    assert await books.open_items() == []

    books.psp.lists(TransactionKind.CHARGE, usd(later_minor), parent_id=whole.parent_id, fee_minor=0)
    await books.reconcile()

    assert await books.open_items() == [(ItemKind.AMOUNT_DIFFERS, left)]
    [item] = await books.items()
    await books.decide(decision(item, Resolution.BOOKED, "goodwill"))
    assert await books.total(AccountKind.PSP_RECEIVABLE) == 2500 + later_minor
    await books.reconcile()
    assert await books.open_items() == []


async def test_what_came_back_out_of_suspense_is_booked_for_nothing(books: Books) -> None:
    await books.ride(fare(2000))
    whole = books.psp.transactions.pop()
    books.psp.lists(TransactionKind.CHARGE, usd(2500), parent_id=whole.parent_id, fee_minor=0)
    await books.reconcile()
    [item] = await books.items()
    await books.decide(decision(item, Resolution.SUSPENSE))
    await books.decide(decision(item, Resolution.BOOKED, "psp_receivable"))

    books.psp.lists(TransactionKind.CHARGE, usd(-500), parent_id=whole.parent_id, fee_minor=0)
    await books.reconcile()

    assert await books.open_items() == []


@pytest.mark.parametrize("account_kind", ["driver", "suspense", "psp_receivable", "nothing"])
async def test_a_difference_is_not_booked_to_just_any_account(books: Books, account_kind: str) -> None:
    books.psp.lists(TransactionKind.CHARGE, usd(700), parent_id="pi_of_somebody")
    books.clock.advance(days=1)
    await books.reconcile()
    [item] = await books.items()

    with pytest.raises(InvalidInput) as refused:
        await books.decide(decision(item, Resolution.BOOKED, account_kind))

    assert refused.value.reason == "invalid_account"
    assert await books.total(AccountKind.SUSPENSE) == 0


async def test_a_resolution_that_is_repeated_with_its_key_happens_once(books: Books) -> None:
    books.psp.lists(TransactionKind.CHARGE, usd(700), parent_id="pi_of_somebody")
    books.clock.advance(days=1)
    await books.reconcile()
    [item] = await books.items()
    resolve, key = books.payments.core.reconciliation.use_cases.resolve, request_key("ResolveItem", str(uuid4()))

    first = await resolve(key, decision(item, Resolution.BOOKED, "goodwill"))
    second = await resolve(key, decision(item, Resolution.BOOKED, "goodwill"))

    assert first == second
    assert await books.total(AccountKind.GOODWILL) == -650


async def test_a_run_that_one_process_began_is_carried_on_by_another(
    books: Books, payment_settings: PaymentSettings
) -> None:
    for _ in range(PAGE + 20):
        books.psp.lists(TransactionKind.FEE, usd(-10))
    core = books.payments.core.reconciliation
    run = await core.use_cases.start(request_key("StartReconciliation", "killed"))
    assert await core.reconcile()
    other = core_over(books.payments.database, payment_settings, books.psp, books.clock).reconciliation
    while await other.reconcile():
        pass

    ended = await core.use_cases.read.run(run.id)
    assert (ended.status, ended.imported_count) == (RunStatus.COMPLETED, PAGE + 20)
    assert await books.total(AccountKind.PSP_FEE) == 10 * (PAGE + 20)


async def test_a_psp_that_does_not_answer_lets_the_run_rest_and_go_on(books: Books) -> None:
    await books.ride(fare(2000))
    books.psp.fail("list_transactions", Fault.TIMEOUT_BEFORE_EFFECT)
    core = books.payments.core.reconciliation
    run = await core.use_cases.start(request_key("StartReconciliation", "resting"))
    assert await core.reconcile()
    assert not await core.reconcile()
    resting = await core.use_cases.read.run(run.id)
    assert (resting.status, resting.detail) == (RunStatus.RUNNING, "ReadTimeout")

    books.clock.advance(seconds=10)
    while await core.reconcile():
        pass

    assert (await core.use_cases.read.run(run.id)).status is RunStatus.COMPLETED


async def test_there_is_one_run_at_a_time_and_one_a_day(books: Books) -> None:
    start = books.payments.core.reconciliation.use_cases.start
    first = await start.daily()
    assert first is not None
    assert first.day == books.clock.now().date()

    assert await start.daily() is None
    assert (await start(request_key("StartReconciliation", "other"))).id == first.id


async def test_a_run_of_yesterday_that_is_under_way_is_not_todays(books: Books) -> None:
    core = books.payments.core.reconciliation
    assert await core.use_cases.start.daily() is not None
    books.clock.advance(days=1)

    assert await core.use_cases.start.daily() is None
    while await core.reconcile():
        pass

    todays = await core.use_cases.start.daily()
    assert todays is not None
    assert todays.day == books.clock.now().date()


async def test_a_transaction_that_the_psp_lists_otherwise_later_is_an_item(books: Books) -> None:
    await books.ride(fare(2000))
    await books.reconcile()
    books.psp.transactions[0] = replace(books.psp.transactions[0], fee=usd(100))

    await books.reconcile()

    assert await books.open_items() == [(ItemKind.TRANSACTION_CHANGED, -12)]


async def test_what_the_psp_listed_cannot_be_changed_or_deleted(books: Books) -> None:
    await books.ride(fare(2000))
    await books.reconcile()
    for attack in (
        "UPDATE psp_balance_transaction SET amount_minor = 1",
        "DELETE FROM psp_balance_transaction",
        "TRUNCATE psp_balance_transaction CASCADE",
        "DELETE FROM reconciliation_item",
        "UPDATE reconciliation_run SET status = 'running', finished_at = NULL, phase = 'age'",
        "INSERT INTO reconciliation_run (id, status, phase, position, expected_after, due_at, started_at, finished_at) "
        "SELECT gen_random_uuid(), 'completed', 'done', '', id, now(), now(), now() FROM reconciliation_run",
    ):
        with pytest.raises(Exception, match=r"kept as it came|not deleted|foreign key"):
            await books.payments.rows(attack + " RETURNING 1" if "TRUNCATE" not in attack else attack)


async def test_an_item_cannot_be_reopened_or_left_without_a_resolution(books: Books) -> None:
    books.psp.lists(TransactionKind.OTHER, usd(700))
    books.clock.advance(days=1)
    await books.reconcile()
    [item] = await books.items()
    with pytest.raises(Exception, match="ck_reconciliation_item_closed"):
        await books.payments.rows("UPDATE reconciliation_item SET status = 'closed' RETURNING id")
    await books.decide(decision(item, Resolution.EXPLAINED))
    with pytest.raises(Exception, match="fk_reconciliation_item_previous_status_transition"):
        await books.payments.rows(
            "UPDATE reconciliation_item SET status = 'open', resolution = '', closed_at = NULL RETURNING id"
        )
