"""The ledger attacked by raw SQL: what must never be in it is refused whoever writes."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from payment_service.adapters.ledger import PostgresLedger
from payment_service.adapters.send_writes import send_writes
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock

_POST = (
    "SELECT post_entries(CAST(:ids AS uuid[]), ARRAY['capture'], ARRAY[CAST(:source AS uuid)], ARRAY[NULL::uuid], "
    "ARRAY[NULL::uuid], ARRAY[now()], CAST(:entry_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:owners AS text[]), "
    "CAST(:codes AS text[]), CAST(:amounts AS bigint[]))"
)
_ENTRY = (
    "INSERT INTO journal_entry (id, kind, source_id, posting_count, created_at) VALUES (:id, 'capture', :id, :n, now())"
)


async def post(
    database: Database, amounts: list[int], *, codes: list[str] | None = None, source: UUID | None = None
) -> UUID:
    entry_id = uuid4()
    values = {
        "ids": [entry_id],
        "entry_ids": [entry_id] * len(amounts),
        "source": source or entry_id,
        "kinds": ["psp_receivable", "commission", "booking_fee"][: len(amounts)],
        "owners": [""] * len(amounts),
        "codes": codes or ["USD"] * len(amounts),
        "amounts": amounts,
    }
    async with database.transaction() as connection:
        await connection.execute(text(_POST), values)
    return entry_id


async def refused(database: Database, *statements: str, **values: object) -> str:
    """Run statements in one transaction that must fail, and return the database's words."""

    async def attack() -> None:
        async with database.transaction() as connection:
            for statement in statements:
                await connection.execute(text(statement), values)

    with pytest.raises(DBAPIError) as caught:
        await attack()
    return str(caught.value.orig)


async def count(database: Database, entry_id: UUID) -> int:
    async with database.connect() as connection:
        found = await connection.scalar(text("SELECT count(*) FROM posting WHERE entry_id = :id"), {"id": entry_id})
    return int(found or 0)


async def test_balanced_entry_is_written(payment_database: Database) -> None:
    assert await count(payment_database, await post(payment_database, [500, -300, -200])) == 3


@pytest.mark.parametrize(
    ("amounts", "codes", "words"),
    [
        ([500, -499], ["USD", "USD"], "add up to zero"),
        ([500, -500], ["USD", "EUR"], "add up to zero"),
        ([500, 0, -500], ["USD", "USD", "USD"], "ck_posting_amount_minor"),
        ([], [], "ck_journal_entry_posting_count"),
        ([5], ["USD"], "ck_journal_entry_posting_count"),
    ],
)
async def test_unbalanced_or_empty_entry_is_refused(
    payment_database: Database, amounts: list[int], codes: list[str], words: str
) -> None:
    with pytest.raises(DBAPIError, match=words):
        await post(payment_database, amounts, codes=codes)


async def test_effect_is_posted_once_whatever_the_ids(payment_database: Database) -> None:
    source = uuid4()
    await post(payment_database, [10, -10], source=source)

    with pytest.raises(DBAPIError, match="uq_journal_entry_kind_source_id"):
        await post(payment_database, [10, -10], source=source)


async def test_entry_without_postings_is_refused(payment_database: Database) -> None:
    assert "in one statement" in await refused(payment_database, _ENTRY, id=uuid4(), n=2)


async def test_entry_first_and_postings_in_a_second_statement_are_refused(payment_database: Database) -> None:
    postings = (
        "INSERT INTO posting SELECT :id, n, a.id, 'USD', CASE n WHEN 1 THEN 5 ELSE -5 END "
        "FROM account a, generate_series(1, 2) AS n WHERE a.kind = 'commission' AND a.currency_code = 'USD'"
    )
    await post(payment_database, [1, -1])

    assert "in one statement" in await refused(payment_database, _ENTRY, postings, id=uuid4(), n=2)


@pytest.mark.parametrize(("seqs", "words"), [((4, 5), "all at once"), ((1, 2), "pk_posting"), ((0, 4), "all at once")])
async def test_balanced_postings_added_later_are_refused(
    payment_database: Database, seqs: tuple[int, int], words: str
) -> None:
    entry_id = await post(payment_database, [500, -300, -200])
    more = (
        "INSERT INTO posting SELECT :id, n.seq, a.id, 'USD', n.amount FROM account a, "
        "(VALUES (CAST(:one AS int), 5), (CAST(:two AS int), -5)) AS n (seq, amount) "
        "WHERE a.kind = 'commission' AND a.currency_code = 'USD'"
    )

    assert words in await refused(payment_database, more, id=entry_id, one=seqs[0], two=seqs[1])
    assert await count(payment_database, entry_id) == 3


async def test_entry_with_fewer_postings_than_it_says_is_refused(payment_database: Database) -> None:
    await post(payment_database, [1, -1])
    statement = (
        "WITH entry AS (INSERT INTO journal_entry (id, kind, source_id, posting_count, created_at) "
        "VALUES (:id, 'capture', :id, 3, now())) "
        "INSERT INTO posting SELECT :id, n, a.id, 'USD', CASE n WHEN 1 THEN 5 ELSE -5 END "
        "FROM account a, generate_series(1, 2) AS n WHERE a.kind = 'commission' AND a.currency_code = 'USD'"
    )

    assert "all at once" in await refused(payment_database, statement, id=uuid4())


async def test_posting_in_another_currency_than_its_account_is_refused(payment_database: Database) -> None:
    await post(payment_database, [1, -1])
    statement = (
        "WITH entry AS (INSERT INTO journal_entry (id, kind, source_id, posting_count, created_at) "
        "VALUES (:id, 'capture', :id, 2, now())) "
        "INSERT INTO posting SELECT :id, n, a.id, 'JPY', CASE n WHEN 1 THEN 5 ELSE -5 END "
        "FROM account a, generate_series(1, 2) AS n WHERE a.kind = 'commission' AND a.currency_code = 'USD'"
    )

    assert "fk_posting_account_id_currency_code_account" in await refused(payment_database, statement, id=uuid4())


@pytest.mark.parametrize("table", ["account", "journal_entry", "posting"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
async def test_what_is_written_never_changes(payment_database: Database, table: str, statement: str) -> None:
    await post(payment_database, [1, -1])
    column = "seq" if table == "posting" else "kind"

    assert "append-only" in await refused(payment_database, statement.format(table=table, column=column))


@pytest.mark.parametrize(("kind", "owner"), [("driver", ""), ("commission", "somebody"), ("slush", ""), ("tax", "")])
async def test_account_outside_the_chart_is_refused(payment_database: Database, kind: str, owner: str) -> None:
    statement = "INSERT INTO account (kind, owner, currency_code) VALUES (:kind, :owner, 'USD')"

    assert "fk_account_kind_owned_account_kind" in await refused(payment_database, statement, kind=kind, owner=owner)


async def test_sums_beyond_64_bits_do_not_wrap_to_zero(payment_database: Database) -> None:
    # 2^63 - 1 twice and 2 more is zero in 64 bits.
    with pytest.raises(DBAPIError, match="add up to zero"):
        await post(payment_database, [2**63 - 1, 2**63 - 1, 2])


async def test_entry_is_read_back_as_it_was_posted(payment_database: Database, clock: StillClock) -> None:
    driver, payment_id = Account(AccountKind.DRIVER, str(uuid4())), uuid4()
    entry = JournalEntry(
        id=uuid4(),
        kind=EntryKind.CAPTURE,
        source_id=uuid4(),
        payment_id=payment_id,
        created_at=clock.now(),
        postings=(Posting(Account(AccountKind.PSP_RECEIVABLE), Money("EUR", 9)), Posting(driver, Money("EUR", -9))),
    )
    async with payment_database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO payment (id, ride_id, currency_code, requested_minor, authorized_minor, captured_minor, "
                "status, decline_reason, psp_payment_id, created_at, version) "
                "VALUES (:id, :id, '', 0, 0, 0, 'voided', '', '', now(), 1)"
            ),
            {"id": payment_id},
        )
        ledger = PostgresLedger(WriteBehind(connection, send_writes))
        await ledger.post(entry)
        read = await ledger.entries_of([payment_id], 10, None)
        earned = await ledger.earnings_of(UUID(driver.owner))

    assert read == [entry]
    assert earned.balances == (Money("EUR", 9),)
