"""Whether a device is new to an account: asked at each sign-in, while the account is locked."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from chassis.database import Database
from identity_service.adapters.postgres_sign_ins import PostgresSignIns
from tests.integration.identity.conftest import Runner, RunningIdentity

MANY = 500
_PAST = """
    INSERT INTO sign_ins (
        sign_in_id, account_id, device_id, role, started_at, last_sequence, expires_at, ended_at, end_reason
    )
    SELECT gen_random_uuid(), account_id, 'old-' || number, role, started_at, 1, expires_at, now(), 'signed_out'
    FROM sign_ins, generate_series(1, :many) AS number WHERE account_id IN (:mine, :theirs)
"""


@pytest.fixture
async def identity(run_identity: Runner) -> AsyncGenerator[RunningIdentity]:
    """One that nobody signed in to before: rows of other tests would be looked at on the way to an account's."""
    async with run_identity() as running:
        yield running


@pytest.fixture
async def database(identity: RunningIdentity) -> AsyncGenerator[Database]:
    database = Database(identity.database_url, pool_size=1)
    yield database
    await database.dispose()


async def test_a_device_is_looked_for_among_the_sign_ins_on_it_alone(
    identity: RunningIdentity, database: Database
) -> None:
    mine, theirs = [UUID((await identity.sign_in(device="here")).account.account_id) for _ in range(2)]
    sent: list[tuple[str, Sequence[Any]]] = []

    def note(_: Any, __: Any, statement: str, parameters: Sequence[Any], *___: Any) -> None:
        sent.append((statement, parameters))

    async with database.transaction() as connection:
        await connection.execute(text(_PAST), {"many": MANY, "mine": mine, "theirs": theirs})
        await connection.execute(text("ANALYZE sign_ins"))
        sign_ins = PostgresSignIns(connection)
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        new = [device for device in ("here", "old-7", "elsewhere") if await sign_ins.is_new_device(mine, device)]
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        driver: Any = (await connection.get_raw_connection()).driver_connection
        plans = [
            await driver.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters)
            for statement, parameters in sent
        ]

    assert new == ["elsewhere"]
    assert len(plans) == 3
    # One of the account's, and at most one on the device.
    assert all(sum(_rows_looked_at(node) for node in _nodes(plan["Plan"])) <= 2 for [plan] in plans)


async def test_the_first_device_of_an_account_is_no_new_one(database: Database) -> None:
    async with database.connect() as connection:
        assert not await PostgresSignIns(connection).is_new_device(UUID(int=1), "here")


def _rows_looked_at(node: dict[str, Any]) -> float:
    if node.get("Relation Name") != "sign_ins":
        return 0
    return node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
