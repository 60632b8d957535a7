"""The schema: as the tables in code say, and holding by itself what must hold."""

from collections.abc import Callable

import asyncpg
import pytest

from chassis.migrations import check, downgrade, migrate
from tests.integration.identity.conftest import RunningIdentity, new_phone


def test_the_migrations_make_the_tables_of_the_code_and_go_back(postgres_url: Callable[[str], str]) -> None:
    url = postgres_url("identity_schema")
    migrate("identity_service", url)
    check("identity_service", url)
    downgrade("identity_service", url)
    migrate("identity_service", url)


async def test_the_database_refuses_a_second_account_of_a_number(identity: RunningIdentity) -> None:
    await identity.sign_in(new_phone())
    connection = await asyncpg.connect(identity.database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "INSERT INTO accounts SELECT gen_random_uuid(), phone_index, phone_sealed, phone_last_digits,"
                " display_name, locale, created_at, version FROM accounts LIMIT 1"
            )
    finally:
        await connection.close()


async def test_the_database_refuses_a_second_unspent_token_of_a_sign_in(identity: RunningIdentity) -> None:
    await identity.sign_in(new_phone())
    connection = await asyncpg.connect(identity.database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "INSERT INTO refresh_tokens SELECT '\\x01', sign_in_id, sequence + 1, expires_at FROM refresh_tokens"
                " WHERE spent_at IS NULL LIMIT 1"
            )
    finally:
        await connection.close()
