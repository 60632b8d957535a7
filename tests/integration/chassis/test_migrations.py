"""Migrations: drafted from the metadata, run once however many try, checked against the code."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis import migrations
from chassis.database import Database
from chassis.revisions import head_revision
from tests.integration.chassis.stores import eventually

_TABLES = """
from sqlalchemy import Column, Integer
from sqlalchemy import Table
from chassis.database import new_metadata
from chassis.outbox import outbox_table
from chassis.inbox import inbox_table
from chassis.idempotency import idempotency_table
from chassis.dead_letters import dead_letter_table

METADATA = new_metadata()
for make in (outbox_table, inbox_table, idempotency_table, dead_letter_table):
    make(METADATA)
journal = Table("journal", METADATA, Column("id", Integer, primary_key=True))
"""
_ENV = """
from chassis.migrations import run_env
from probe_service.tables import METADATA

run_env(METADATA)
"""
_MORE = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    op.execute("ALTER TABLE journal ADD COLUMN more int")


def downgrade() -> None:
    op.execute("ALTER TABLE journal DROP COLUMN more")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A service's package with tables and an empty migrations folder."""
    folder = tmp_path / "probe_service"
    (folder / "migrations" / "versions").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "migrations" / "__init__.py").touch()
    (folder / "migrations" / "env.py").write_text(_ENV)
    (folder / "tables.py").write_text(_TABLES)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("probe_service")]:
        del sys.modules[name]


def draft_first(package: Path, url: str) -> None:
    path = migrations.draft("probe_service", url, "begin")
    assert path.name == "0001_begin.py"
    code = path.read_text()
    script = "\n".join(
        [
            "from chassis.migrations import append_only, run_sql",
            "JOURNAL = append_only('journal')",
            code.replace("def downgrade", "    run_sql(JOURNAL.create)\n\n\ndef downgrade").replace(
                "def downgrade() -> None:", "def downgrade() -> None:\n    run_sql(JOURNAL.drop)"
            ),
        ]
    )
    path.write_text(script.replace("from __future__ import annotations\n", ""))


async def test_a_drafted_schema_is_migrated_checked_and_taken_back(
    package: Path, postgres_url: Callable[[str], str]
) -> None:
    url = postgres_url("migrations")
    await asyncio.to_thread(draft_first, package, url)
    database = Database(url)
    assert head_revision("probe_service") == "0001"
    assert not await database.schema_suffices("0001")

    await asyncio.to_thread(migrations.migrate, "probe_service", url)

    assert await database.schema_suffices("0001")
    await asyncio.to_thread(migrations.check, "probe_service", url)

    await asyncio.to_thread(migrations.downgrade, "probe_service", url)
    assert not await database.schema_suffices("0001")
    await database.dispose()


async def test_five_migrators_at_once_queue_and_all_succeed(package: Path, postgres_url: Callable[[str], str]) -> None:
    """As processes: Alembic's context is the process's, so threads of one would not show what replicas do."""
    url = postgres_url("queue")
    await asyncio.to_thread(draft_first, package, url)
    code = f"from chassis.migrations import migrate; migrate('probe_service', {url!r})"
    path = f"import sys; sys.path.insert(0, {str(package.parent)!r}); "
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", path + code, stderr=asyncio.subprocess.PIPE)
        for _ in range(5)
    ]
    errors = [(await process.communicate())[1].decode() for process in processes]

    assert [process.returncode for process in processes] == [0] * 5, errors
    database = Database(url)
    assert await database.schema_suffices("0001")
    await database.dispose()


async def test_a_migration_that_waits_for_a_table_in_use_lets_readers_pass(
    package: Path, postgres_url: Callable[[str], str]
) -> None:
    """Else all who read the table wait behind the migration, which waits for the longest of them: a dump, say."""
    url = postgres_url("in_use")
    await asyncio.to_thread(draft_first, package, url)
    await asyncio.to_thread(migrations.migrate, "probe_service", url)
    (package / "migrations/versions/0002_more.py").write_text(_MORE)
    database = Database(url)
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%'")

    async def waiting() -> bool:
        async with database.connect() as connection:
            return await connection.scalar(waits) == 1

    async with database.transaction() as dump:
        await dump.execute(text("SELECT FROM journal"))
        migrating = asyncio.create_task(asyncio.to_thread(migrations.migrate, "probe_service", url))
        await eventually(waiting)
        async with database.transaction() as reader:
            await reader.execute(text("SET LOCAL statement_timeout = '60s'"))
            await reader.execute(text("SELECT FROM journal"))
        assert not await database.schema_suffices("0002")
    await migrating
    assert await database.schema_suffices("0002")
    await database.dispose()


async def test_a_table_that_changed_without_a_migration_is_drift(
    package: Path, postgres_url: Callable[[str], str]
) -> None:
    url = postgres_url("drift")
    await asyncio.to_thread(draft_first, package, url)
    await asyncio.to_thread(migrations.migrate, "probe_service", url)
    database = Database(url)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE journal ADD COLUMN more int"))
    await database.dispose()

    with pytest.raises(migrations.SchemaDriftError, match="more"):
        await asyncio.to_thread(migrations.check, "probe_service", url)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET id = 2", "DELETE FROM journal", "TRUNCATE journal"],
    ids=["update", "delete", "truncate"],
)
async def test_an_append_only_table_refuses_every_change(
    package: Path, postgres_url: Callable[[str], str], statement: str
) -> None:
    url = postgres_url("append_only")
    await asyncio.to_thread(draft_first, package, url)
    await asyncio.to_thread(migrations.migrate, "probe_service", url)
    database = Database(url)
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO journal VALUES (1)"))

    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as connection:
            await connection.execute(text(statement))
    await database.dispose()
