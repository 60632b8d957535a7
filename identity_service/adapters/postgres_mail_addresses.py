"""Mail addresses in Postgres: sealed with the person's own key, and one account's each by their blind index."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PhoneVault
from identity_service.adapters.postgres_person_keys import PostgresPersonKeys
from identity_service.adapters.tables import mail_addresses
from identity_service.domain.mail_addresses import MailAddress

USE = "mail"


class PostgresMailAddresses:
    """Mail addresses as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._vault = vault
        self._keys = PostgresPersonKeys(connection, vault)

    async def keep(self, account_id: UUID, address: str, now: datetime) -> bool:
        """Keep a person's address in place of a former one; False where another account has it, or the person was
        erased."""
        vault = await self._keys.find_or_add(account_id, now)
        if vault is None:
            return False
        index = self._vault.mail_index(address)
        # Of two who prove one address at once the second waits here, and sees that it is taken.
        lock = int.from_bytes(index[:8], signed=True)
        await self._connection.execute(select(func.pg_advisory_xact_lock(lock)))
        query = select(mail_addresses.c.account_id).where(mail_addresses.c.address_index == index)
        owner = await self._connection.scalar(query)
        if owner not in (None, account_id):
            return False
        values = {"address_index": index, "address_sealed": vault.seal(USE, address.encode()), "verified_at": now}
        own = mail_addresses.c.account_id == account_id
        changed = mail_addresses.update().where(own).values(**values)
        if (await self._connection.execute(changed)).rowcount == 1:
            return True
        await self._connection.execute(insert(mail_addresses).values(account_id=account_id, **values))
        return True

    async def of(self, account_id: UUID) -> MailAddress | None:
        """Return a person's address; None once their key is destroyed."""
        row = (
            await self._connection.execute(select(mail_addresses).where(mail_addresses.c.account_id == account_id))
        ).first()
        if row is None:
            return None
        vault = await self._keys.find(account_id)
        if vault is None:
            return None
        return MailAddress(vault.open(USE, row.address_sealed).decode(), row.verified_at)

    async def remove(self, account_id: UUID) -> bool:
        """Forget a person's address; False where there is none."""
        statement = delete(mail_addresses).where(mail_addresses.c.account_id == account_id)
        return (await self._connection.execute(statement)).rowcount == 1
