"""The database that the tests of a file share: each of them finds it as the migrations left it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import text

from chassis.database import Database
from tests.fakes.matching_other_services import FakePayments
from tests.integration.matching.stage import stage_on

_COUNTS = (
    "SELECT (SELECT count(*) FROM ride), (SELECT count(*) FROM ride_transition), (SELECT count(*) FROM outbox),"
    " (SELECT count(*) FROM legal_ride_move)"
)


async def counts(database: Database) -> tuple[int, ...]:
    async with database.connect() as connection:
        return tuple((await connection.execute(text(_COUNTS))).one())


async def test_what_a_test_wrote_is_gone_append_only_or_not_and_what_migrations_wrote_stays(
    database: Database, shared_database: tuple[Database, Callable[[], Awaitable[None]]]
) -> None:
    _, empty = shared_database
    fresh = await counts(database)
    assert fresh[:3] == (0, 0, 0)
    assert fresh[3] > 0
    await stage_on(database, FakePayments()).ride()
    assert all(await counts(database))

    await empty()

    assert await counts(database) == fresh
