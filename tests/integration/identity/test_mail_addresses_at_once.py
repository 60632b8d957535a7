"""One mail address that two people prove at the same moment."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.integration.identity.conftest import Runner


async def test_of_two_who_change_to_one_address_at_once_the_second_is_told_that_it_is_taken(
    run_identity: Runner,
) -> None:
    async with run_identity() as identity:
        accounts = [UUID((await identity.sign_in()).account.account_id) for _ in range(2)]
        now = identity.clock.now()
        for number, account_id in enumerate(accounts):
            async with identity.store.transaction() as transaction:
                assert await transaction.mail_addresses.keep(account_id, f"former{number}@example.com", now)

        async def change(account_id: UUID) -> bool:
            async with identity.store.transaction() as transaction:
                return await transaction.mail_addresses.keep(account_id, "wanted@example.com", now)

        async with identity.store.transaction() as transaction:
            assert await transaction.mail_addresses.keep(accounts[0], "wanted@example.com", now)
            second = asyncio.create_task(change(accounts[1]))
            await identity.until_it_waits(second)
        assert not await second
        async with identity.store.transaction() as transaction:
            kept = [await transaction.mail_addresses.of(account_id) for account_id in accounts]
        assert [found and found.address for found in kept] == ["wanted@example.com", "former1@example.com"]
