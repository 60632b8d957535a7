"""API keys in Postgres, by their digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.staff_tables import api_keys
from identity_service.domain.api_keys import ApiKey

_USE_NOTED_EVERY = timedelta(minutes=1)


class PostgresApiKeys:
    """Keys as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, key: ApiKey, digest: bytes) -> None:
        """Keep a key."""
        await self._connection.execute(
            insert(api_keys).values(
                api_key_id=key.api_key_id,
                digest=digest,
                name=key.name,
                prefix=key.prefix,
                scopes=list(key.scopes),
                created_by=key.created_by,
                created_at=key.created_at,
                expires_at=key.expires_at,
            )
        )

    async def newest(self, at_most: int) -> Sequence[ApiKey]:
        """Return keys, the newest first."""
        query = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.api_key_id.desc()).limit(at_most)
        return [_key(row) for row in await self._connection.execute(query)]

    async def find(self, api_key_id: UUID, *, lock: bool = False) -> ApiKey | None:
        """Return a key."""
        query = select(api_keys).where(api_keys.c.api_key_id == api_key_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _key(row) if row else None

    async def by_digest(self, digest: bytes) -> ApiKey | None:
        """Return the key with a digest."""
        row = (await self._connection.execute(select(api_keys).where(api_keys.c.digest == digest))).first()
        return _key(row) if row else None

    async def note_use(self, api_key_id: UUID, now: datetime) -> None:
        """Write down a use, at most once a minute, so that a busy key's row is not fought over."""
        stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - _USE_NOTED_EVERY)
        await self._connection.execute(
            update(api_keys).where(api_keys.c.api_key_id == api_key_id, stale).values(last_used_at=now)
        )

    async def revoke(self, api_key_id: UUID, now: datetime) -> None:
        """End a key."""
        await self._connection.execute(
            update(api_keys)
            .where(api_keys.c.api_key_id == api_key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.api_key_id,
        row.name,
        row.prefix,
        tuple(row.scopes),
        row.created_by,
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
