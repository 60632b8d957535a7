"""The service as a role that does not own its database: it can do its work, and can do nothing else to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.migrations import migrate
from jitney.stack.databases import provision
from jitney.stack.postgres import new_password
from payment_service.adapters import tables
from payment_service.adapters.roll_up import roll_up_balances
from payment_service.domain.driver_terms import Model
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Funding
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.payout import PayoutStatus
from payment_service.migrations.grants import WALLED
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.embedded import TestPostgres
from tests.integration.payment.conftest import Payments, core_over, store_over, usd
from tests.integration.payment.driver_money import Drivers

_LEDGER = (*(name for name in WALLED if name != "alembic_version"), "payment_transition")


@pytest.fixture(scope="session")
async def walled(postgres: TestPostgres) -> AsyncIterator[Database]:
    """The database as the service's role, which another role owns."""
    cluster, service, owner = postgres.cluster, "walled_payment", "walled_payment_owner"
    passwords = {service: new_password(), owner: new_password()}
    await provision(cluster.superuser_url(), {service: passwords[service]}, {service: (owner, passwords[owner])})
    owner_url = cluster.url(owner, passwords[owner], service)
    await asyncio.to_thread(migrate, "payment_service", owner_url, service_role=service)
    database = Database(cluster.url(service, passwords[service], service), 6, name="walled")
    yield database
    await database.dispose()


@pytest.fixture
def walled_payments(walled: Database, payment_settings: PaymentSettings, clock: StillClock, psp: FakePsp) -> Payments:
    return Payments(core_over(walled, payment_settings, psp, clock), walled, uuid4(), uuid4())


async def refused(database: Database, statement: str, **values: object) -> str:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as connection:
            await connection.execute(text(statement), values)
    return str(caught.value.orig)


async def test_drivers_are_paid_out_within_the_walls(
    walled_payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    walled_payments.method_id = await walled_payments.add_card("pm_card_visa")
    drivers = Drivers(walled_payments, psp, clock)
    await drivers.set_bank("btok_us_verified_noAccount")
    await drivers.agree(Model.SUBSCRIPTION, fee=usd(700), period_days=7)
    await drivers.earn(2000)
    await drivers.step("subscription fees")
    asked = await drivers.ask()
    await drivers.settle()
    await drivers.banks_work()

    assert (await drivers.see(asked)).status is PayoutStatus.FAILED
    assert await drivers.owed() == 1300


async def test_the_service_does_its_work_within_the_walls(walled_payments: Payments) -> None:
    payments, driver_id = walled_payments, uuid4()
    payments.method_id = await payments.add_card("pm_card_visa")
    await payments.fund_wallet(10_000)
    await payments.grant_credit(300)
    rides = {funding: uuid4() for funding in Funding}
    for funding, ride_id in rides.items():
        await payments.hold(ride_id, funding=funding)
    voided = uuid4()
    await payments.hold(voided)

    captured = [await payments.capture(ride_id, driver_id=driver_id) for ride_id in rides.values()]
    released = await payments.void(voided)

    assert {payment.status for payment in captured} == {PaymentStatus.CAPTURED}
    assert released.status is PaymentStatus.VOIDED
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1500 + 1500 - 500),)
    assert await roll_up_balances(payments.database) > 0
    trial = await payments.core.use_cases.get_trial_balance()
    assert [row.sum_minor for row in trial.currencies] == [0]
    await payments.core.sweep()


@pytest.mark.parametrize("table", _LEDGER)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} ({column}) SELECT {column} FROM {table} LIMIT 1",
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN more text",
        "DROP TABLE {table} CASCADE",
        "LOCK TABLE {table} IN EXCLUSIVE MODE",
        "SELECT * FROM {table} FOR UPDATE",
    ],
)
async def test_the_role_of_the_service_cannot_touch_the_ledger(walled: Database, table: str, statement: str) -> None:
    column = next(each.name for each in tables.metadata.tables[table].columns if each.identity is None)

    words = await refused(walled, statement.format(table=table, column=column))

    assert "permission denied" in words or "must be owner" in words


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE FUNCTION postings_balance() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION post_entries CASCADE",
        "ALTER FUNCTION post_entries SECURITY INVOKER",
        "DROP TRIGGER postings_balance ON posting",
        "SELECT roll_up_deltas(10)",
        "SET session_replication_role = replica",
        "CREATE TABLE public.posting2 (id int)",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TABLE payment CASCADE",
        "ALTER TABLE payment DISABLE TRIGGER payment_moves",
        "TRUNCATE payment CASCADE",
    ],
)
async def test_the_role_of_the_service_cannot_take_the_walls_down(walled: Database, statement: str) -> None:
    words = await refused(walled, statement)

    assert any(why in words for why in ("permission denied", "must be owner", "must be able to SET ROLE"))


async def test_a_schema_of_ones_own_does_not_deceive_the_functions(walled: Database) -> None:
    # Temporary tables come first in a search path that does not say otherwise.
    deceit = "CREATE TEMPORARY TABLE account (id bigint, kind text, owner text, currency_code text)"
    entry_id, driver = uuid4(), Account(AccountKind.DRIVER, str(uuid4()))
    postings = (Posting(driver, usd(-5)), Posting(Account(AccountKind.PROMO), usd(5)))
    async with store_over(walled).transaction() as work:
        words = ""
        try:
            await work.connection.execute(text(deceit))
        except DBAPIError as error:
            words = str(error.orig)
    assert "permission denied to create temporary tables" in words

    async with store_over(walled).transaction() as work:
        await work.ledger.post(
            JournalEntry(entry_id, EntryKind.CREDIT_GRANT, entry_id, None, StillClock().now(), postings)
        )


async def test_another_role_cannot_write_the_ledger_at_all(walled: Database, postgres: TestPostgres) -> None:
    stranger, password = "walled_stranger", new_password()
    await provision(postgres.cluster.superuser_url(), {stranger: password})

    with pytest.raises(asyncpg.PostgresError, match="permission denied for database"):
        await asyncpg.connect(postgres.cluster.url(stranger, password, "walled_payment"))


async def balance_row(database: Database, account: Account) -> Any:
    statement = "SELECT * FROM account_balance WHERE kind = :kind AND owner = :owner"
    async with database.connect() as connection:
        return (await connection.execute(text(statement), {"kind": account.kind.value, "owner": account.owner})).one()


async def test_whoever_owned_the_database_before_hands_it_over_whole(postgres: TestPostgres) -> None:
    name, owner = "handed_over", "handed_over_owner"
    passwords = {name: new_password(), owner: new_password()}
    cluster = postgres.cluster
    await provision(cluster.superuser_url(), {name: passwords[name]})
    await asyncio.to_thread(migrate, "payment_service", cluster.url(name, passwords[name], name))
    for _ in range(2):
        await provision(cluster.superuser_url(), {name: passwords[name]}, {name: (owner, passwords[owner])})
        owner_url = cluster.url(owner, passwords[owner], name)
        await asyncio.to_thread(migrate, "payment_service", owner_url, service_role=name)

    database = Database(cluster.url(name, passwords[name], name), 2, name=name)
    try:
        assert "must be owner" in await refused(database, "DROP TABLE posting CASCADE")
        driver = Account(AccountKind.DRIVER, str(UUID(int=9)))
        async with store_over(database).transaction() as work:
            postings = (Posting(driver, usd(-5)), Posting(Account(AccountKind.PROMO), usd(5)))
            entry = JournalEntry(uuid4(), EntryKind.PATRONAGE, uuid4(), None, StillClock().now(), postings)
            await work.ledger.post(entry)
        assert (await balance_row(database, driver)).balance_minor == -5
    finally:
        await database.dispose()
