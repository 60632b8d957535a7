"""The ledger's rules attacked through its own functions: what an entry or a hold may not do, whoever asks."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from payment_service.adapters.roll_up import roll_up_balances
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Funding
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.integration.payment.conftest import Payments, store_over, usd

PROMO = Account(AccountKind.PROMO)
BANK = Account(AccountKind.BANK)


def account_of(kind: AccountKind) -> Account:
    return Account(kind, str(uuid4()))


async def post(
    database: Database,
    kind: EntryKind,
    *legs: tuple[Account, int],
    source: UUID | None = None,
    reverses: UUID | None = None,
) -> UUID:
    entry_id = uuid4()
    postings = tuple(Posting(account, usd(amount)) for account, amount in legs)
    entry = JournalEntry(entry_id, kind, source or entry_id, None, StillClock().now(), postings, reverses)
    async with store_over(database).transaction() as work:
        await work.ledger.post(entry)
    return entry_id


async def hold(database: Database, account: Account, amount_minor: int) -> None:
    async with store_over(database).transaction() as work:
        await work.ledger.hold(account, usd(amount_minor))


async def held_and_amount(database: Database, account: Account) -> tuple[int, int]:
    async with store_over(database).transaction() as work:
        balance = (await work.ledger.lock(account, currency_code="USD"))[account]
    return balance.held.amount_minor, balance.amount.amount_minor


async def test_a_wallet_is_not_overdrawn(payment_database: Database) -> None:
    wallet, driver = account_of(AccountKind.RIDER_WALLET), account_of(AccountKind.DRIVER)
    await post(payment_database, EntryKind.TOP_UP, (BANK, 500), (wallet, -500))

    with pytest.raises(DBAPIError, match="ck_balance_overdraft"):
        await post(payment_database, EntryKind.CAPTURE, (wallet, 501), (driver, -501))

    assert await held_and_amount(payment_database, wallet) == (0, 500)


async def test_no_more_is_held_than_is_there_and_what_is_held_is_not_spent(payment_database: Database) -> None:
    wallet, driver = account_of(AccountKind.RIDER_WALLET), account_of(AccountKind.DRIVER)
    await post(payment_database, EntryKind.TOP_UP, (BANK, 500), (wallet, -500))
    await hold(payment_database, wallet, 300)

    with pytest.raises(DBAPIError, match="ck_balance_overdraft"):
        await hold(payment_database, wallet, 201)
    with pytest.raises(DBAPIError, match="ck_balance_overdraft"):
        await post(payment_database, EntryKind.CAPTURE, (wallet, 201), (driver, -201))
    with pytest.raises(DBAPIError, match="ck_balance_held"):
        await hold(payment_database, wallet, -301)

    assert await held_and_amount(payment_database, wallet) == (300, 500)


async def test_nothing_is_held_of_an_account_that_is_not_open(payment_database: Database) -> None:
    with pytest.raises(DBAPIError, match="not open"):
        await hold(payment_database, account_of(AccountKind.RIDER_WALLET), 1)


async def test_a_driver_may_owe_for_cash_rides_but_is_not_paid_out_what_is_not_there(
    payment_database: Database,
) -> None:
    driver, transit = account_of(AccountKind.DRIVER), Account(AccountKind.PAYOUT_TRANSIT)
    await post(payment_database, EntryKind.CAPTURE, (driver, 500), (Account(AccountKind.COMMISSION), -500))
    await post(payment_database, EntryKind.TIP, (BANK, 700), (driver, -700))

    with pytest.raises(DBAPIError, match="does not hold"):
        await post(payment_database, EntryKind.PAYOUT, (driver, 201), (transit, -201))

    await post(payment_database, EntryKind.PAYOUT, (driver, 200), (transit, -200))
    assert await held_and_amount(payment_database, driver) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "owner"), [("slush", ""), ("driver", ""), ("commission", "somebody"), ("rider_wallet", "")]
)
async def test_an_entry_opens_no_account_outside_the_chart(payment_database: Database, kind: str, owner: str) -> None:
    statement = (
        "SELECT post_entries(ARRAY[i.id], ARRAY['capture'], ARRAY[i.id], ARRAY[NULL::uuid], ARRAY[NULL::uuid], "
        "ARRAY[now()], ARRAY[i.id, i.id], ARRAY[CAST(:kind AS text), 'bank'], ARRAY[CAST(:owner AS text), ''], "
        "ARRAY['USD', 'USD'], ARRAY[1, -1]::bigint[]) FROM (SELECT gen_random_uuid() AS id) AS i"
    )
    with pytest.raises(DBAPIError, match="fk_account_kind_owned_account_kind"):
        async with payment_database.transaction() as connection:
            await connection.execute(text(statement), {"kind": kind, "owner": owner})


async def test_an_effect_happens_once_whatever_the_entry(payment_database: Database) -> None:
    source, driver = uuid4(), account_of(AccountKind.DRIVER)
    await post(payment_database, EntryKind.TIP, (BANK, 5), (driver, -5), source=source)

    with pytest.raises(DBAPIError, match="uq_journal_entry_kind_source_id"):
        await post(payment_database, EntryKind.TIP, (BANK, 7), (driver, -7), source=source)

    assert await held_and_amount(payment_database, driver) == (0, 5)


async def test_an_entry_is_taken_back_once_and_whole(payment_database: Database) -> None:
    driver = account_of(AccountKind.DRIVER)
    other = account_of(AccountKind.DRIVER)
    original = await post(payment_database, EntryKind.TIP, (BANK, 9), (driver, -9))
    for legs in (
        ((BANK, -8), (driver, 8)),
        ((BANK, -9), (other, 9)),
        ((BANK, 9), (driver, -9)),
        ((BANK, -9), (driver, 9), (PROMO, 1), (other, -1)),
    ):
        with pytest.raises(DBAPIError, match="mirrors it"):
            await post(payment_database, EntryKind.REFUND, *legs, reverses=original)

    await post(payment_database, EntryKind.REFUND, (BANK, -9), (driver, 9), reverses=original)
    with pytest.raises(DBAPIError, match="uq_journal_entry_reverses"):
        await post(payment_database, EntryKind.REFUND, (BANK, -9), (driver, 9), reverses=original)

    assert await held_and_amount(payment_database, driver) == (0, 0)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM balance", "balances are not deleted"),
        ("TRUNCATE balance", "balances are not deleted"),
        ("UPDATE balance SET floor_minor = NULL", "does not change"),
        ("UPDATE balance SET side = -side", "does not change"),
        ("UPDATE balance SET queued = true", "does not change"),
        ("DELETE FROM payment", "payments are not deleted"),
    ],
)
async def test_even_the_owner_is_stopped_by_triggers(payment_database: Database, statement: str, words: str) -> None:
    with pytest.raises(DBAPIError, match=words):
        async with payment_database.transaction() as connection:
            await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("captured_minor = authorized_minor + 1", "what was captured does not change|ck_payment_captured_within"),
        ("refunded_minor = captured_minor + 1", "ck_payment_refunded_within_captured"),
        ("status = 'held'", "ck_payment_captured"),
    ],
)
async def test_no_more_is_captured_than_authorized_nor_refunded_than_captured(
    payments: Payments, change: str, words: str
) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, funding=Funding.CASH)
    payment = await payments.capture(ride_id)

    with pytest.raises(DBAPIError, match=words):
        async with payments.database.transaction() as connection:
            await connection.execute(
                text(f"UPDATE payment SET {change}, version = version + 1 WHERE id = :id"),  # noqa: S608 (ours)
                {"id": payment.id},
            )


async def test_balances_follow_postings_before_and_after_a_roll_up(payments: Payments) -> None:
    await payments.fund_wallet(9_000)
    for funding in (Funding.WALLET, Funding.CASH, Funding.CARD):
        ride_id = uuid4()
        await payments.hold(ride_id, funding=funding)
        await payments.capture(ride_id, driver_id=uuid4())
    drift = (
        "SELECT kind, owner FROM account_balance "
        "LEFT JOIN (SELECT account_id, sum(amount_minor) AS posted_minor FROM posting GROUP BY 1) AS p "
        "USING (account_id) "
        "WHERE balance_minor <> coalesce(posted_minor, 0)"
    )
    counted = (
        "SELECT currency_code FROM (SELECT currency_code, sum(entry_count) AS n FROM entry_tally GROUP BY 1) AS t "
        "FULL JOIN (SELECT currency_code, count(DISTINCT entry_id) AS n FROM posting GROUP BY 1) AS p "
        "USING (currency_code) WHERE t.n IS DISTINCT FROM p.n"
    )

    assert await payments.rows(drift) + await payments.rows(counted) == []
    while await roll_up_balances(payments.database):
        pass
    assert await payments.rows(drift) + await payments.rows(counted) == []
    assert (await payments.rows("SELECT count(*) AS n FROM balance_delta"))[0]["n"] == 0
    trial = await payments.core.use_cases.get_trial_balance()
    assert {row.sum_minor for row in trial.currencies} == {0}


async def test_one_rolls_up_at_a_time(payments: Payments) -> None:
    await payments.fund_wallet(1)
    async with payments.database.transaction() as connection:
        rolled_up = await connection.scalar(text("SELECT roll_up_balances(1000)"))
        assert rolled_up
        assert await roll_up_balances(payments.database) == 0


async def test_a_euro_account_does_not_pay_for_dollars(payment_database: Database) -> None:
    wallet = account_of(AccountKind.RIDER_WALLET)
    entry_id = uuid4()
    legs = (Posting(BANK, Money("EUR", 500)), Posting(wallet, Money("EUR", -500)))
    async with store_over(payment_database).transaction() as work:
        await work.ledger.post(JournalEntry(entry_id, EntryKind.TOP_UP, entry_id, None, StillClock().now(), legs))

    with pytest.raises(DBAPIError, match="ck_balance_overdraft"):
        await post(payment_database, EntryKind.CAPTURE, (wallet, 5), (BANK, -5))
