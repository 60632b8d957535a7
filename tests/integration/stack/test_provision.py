"""`jitney provision` and the migrations of services on a server that has nothing yet."""

import asyncio
import sys
from pathlib import Path

from chassis.database import Database
from chassis.migrations import migrate
from chassis.revisions import head_revision
from jitney.deploy.provision import provision_from
from jitney.deploy.secrets import SecretsFolder, Surroundings
from tests.integration.embedded import TestPostgres


async def test_an_empty_server_is_provisioned_twice_and_payment_migrates_as_its_owner(
    postgres: TestPostgres, tmp_path: Path
) -> None:
    cluster = postgres.cluster
    made = SecretsFolder(tmp_path).settings(Surroundings(f"{cluster.host}:{cluster.port}", "", ""))
    settings = {**made, "JITNEY_POSTGRES_ADMIN_URL": cluster.superuser_url()}

    await provision_from(settings, 5)
    await provision_from(settings, 5)

    owner, own = settings["JITNEY_PAYMENT_OWNER_DATABASE_URL"], settings["JITNEY_PAYMENT_DATABASE_URL"]
    await asyncio.to_thread(migrate, "payment_service", owner, service_role="jitney_payment")
    database = Database(own)
    assert await database.schema_suffices(head_revision("payment_service"))
    await database.dispose()


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
