"""`jitney provision` and the migrations of services on a server that has nothing yet."""

import asyncio
import sys
from pathlib import Path

import asyncpg

from chassis.database import Database
from chassis.migrations import migrate
from chassis.revisions import head_revision
from jitney.deploy.provision import provision_from
from jitney.deploy.secrets import SecretsFolder, Surroundings
from matching_service.bootstrap.stores import IDLE_IN_TRANSACTION_SECONDS
from tests.integration.embedded import TestPostgres


async def test_an_empty_server_is_provisioned_twice_and_payment_migrates_as_its_owner(
    postgres: TestPostgres, tmp_path: Path
) -> None:
    cluster = postgres.cluster
    made = SecretsFolder(tmp_path).settings(Surroundings(f"{cluster.host}:{cluster.port}", "", ""))
    settings = {**made, "JITNEY_POSTGRES_ADMIN_URL": cluster.superuser_url()}

    await provision_from(settings, 5)
    await _set(
        cluster.superuser_url(), "ALTER ROLE jitney_payment IN DATABASE jitney_payment SET statement_timeout = 30000"
    )
    await provision_from(settings, 5)

    limits = await _limits(cluster.superuser_url())
    assert limits["jitney_matching"] == ["statement_timeout=10000", "idle_in_transaction_session_timeout=5000"]
    assert limits["jitney_payment"] == ["statement_timeout=30000", "idle_in_transaction_session_timeout=30000"]
    assert IDLE_IN_TRANSACTION_SECONDS == 5.0
    owner, own = settings["JITNEY_PAYMENT_OWNER_DATABASE_URL"], settings["JITNEY_PAYMENT_DATABASE_URL"]
    await asyncio.to_thread(migrate, "payment_service", owner, service_role="jitney_payment")
    database = Database(own)
    assert await database.schema_suffices(head_revision("payment_service"))
    await database.dispose()


async def _set(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _limits(url: str) -> dict[str, list[str]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT d.datname, s.setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
    )
    await connection.close()
    return {row["datname"]: row["setconfig"] for row in rows}


async def test_a_schema_of_a_later_release_is_current_and_left_alone(postgres: TestPostgres) -> None:
    url = postgres.migrated("notification")
    database = Database(url)
    async with database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    await asyncio.to_thread(migrate, "notification_service", url)

    assert await database.schema_suffices(head_revision("notification_service"))
    assert await database.schema_suffices("9999")
    assert not await database.schema_suffices("10000")
    await database.dispose()


async def test_a_probe_tells_who_listens_and_who_does_not(postgres: TestPostgres) -> None:
    cluster = postgres.cluster
    for url, code in ((f"tcp://{cluster.host}:{cluster.port}", 0), ("tcp://127.0.0.1:9", 1), ("grpc://127.0.0.1:9", 1)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chassis.probe", url, stderr=asyncio.subprocess.PIPE
        )
        _, told = await process.communicate()
        assert (process.returncode, b"not ready" in told) == (code, code == 1)
