"""Keys of people in Postgres, wrapped."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PersonVault, PhoneVault
from identity_service.adapters.tables import person_keys


class PostgresPersonKeys:
    """Keys as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, account_id: UUID, wrapped: bytes, now: datetime) -> None:
        """Keep a person's wrapped key."""
        await self._connection.execute(
            insert(person_keys).values(account_id=account_id, wrapped_key=wrapped, created_at=now)
        )

    async def find(self, account_id: UUID) -> PersonVault | None:
        """Return a person's vault; None where there is no key, or none any more."""
        query = select(person_keys.c.wrapped_key).where(person_keys.c.account_id == account_id)
        wrapped = await self._connection.scalar(query)
        return self._vault.person(account_id, wrapped) if wrapped else None

    async def find_or_add(self, account_id: UUID, now: datetime) -> PersonVault | None:
        """Return a person's vault, with a new key if they never had one; None where it was destroyed."""
        _, wrapped = self._vault.new_key(account_id)
        await self._connection.execute(
            insert(person_keys)
            .values(account_id=account_id, wrapped_key=wrapped, created_at=now)
            .on_conflict_do_nothing()
        )
        return await self.find(account_id)

    async def destroy(self, account_id: UUID, now: datetime) -> None:
        """Destroy a person's key: all that it sealed is gone."""
        await self._connection.execute(
            update(person_keys)
            .where(person_keys.c.account_id == account_id, person_keys.c.wrapped_key.is_not(None))
            .values(wrapped_key=None, destroyed_at=now)
        )
