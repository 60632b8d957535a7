"""Identities at external providers in Postgres, and the ID tokens that were used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.sign_in_tables import external_identities, spent_id_tokens
from identity_service.domain.external_identities import ExternalIdentity


class PostgresIdentities:
    """Identities as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def spend(self, digest: bytes, expires_at: datetime) -> bool:
        """Write down that a token was used; False where it was before."""
        fresh = insert(spent_id_tokens).values(digest=digest, expires_at=expires_at).on_conflict_do_nothing()
        return (await self._connection.execute(fresh)).rowcount == 1

    async def find(self, issuer: str, subject: str) -> ExternalIdentity | None:
        """Return the identity with a provider's name for it."""
        row = external_identities.c
        query = select(external_identities).where(row.issuer == issuer, row.subject == subject)
        found = (await self._connection.execute(query)).first()
        return _identity(found) if found else None

    async def add(self, identity: ExternalIdentity) -> ExternalIdentity:
        """Add an identity; return the one that stands, which may be somebody else's."""
        await self._connection.execute(
            insert(external_identities)
            .values(
                identity_id=identity.identity_id,
                account_id=identity.account_id,
                issuer=identity.issuer,
                subject=identity.subject,
                linked_at=identity.linked_at,
            )
            .on_conflict_do_nothing(index_elements=["issuer", "subject"])
        )
        return await self.find(identity.issuer, identity.subject) or identity

    async def of(self, account_id: UUID) -> Sequence[ExternalIdentity]:
        """Return an account's identities, the oldest first."""
        row = external_identities.c
        query = select(external_identities).where(row.account_id == account_id)
        rows = await self._connection.execute(query.order_by(row.linked_at, row.identity_id))
        return [_identity(each) for each in rows]

    async def remove(self, account_id: UUID, identity_id: UUID) -> bool:
        """Remove an identity of an account; False if it has none of that id."""
        row = external_identities.c
        statement = delete(external_identities).where(row.account_id == account_id, row.identity_id == identity_id)
        return (await self._connection.execute(statement)).rowcount == 1


def _identity(row: Row[Any]) -> ExternalIdentity:
    return ExternalIdentity(row.identity_id, row.account_id, row.issuer, row.subject, row.linked_at)
