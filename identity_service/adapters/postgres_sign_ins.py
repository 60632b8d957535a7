"""Signed-in devices and their refresh tokens in Postgres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.tables import refresh_tokens, sign_ins
from identity_service.domain.sign_ins import EndReason, RefreshToken, SignIn, SignInRole


class PostgresSignIns:
    """Sign-ins as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, sign_in: SignIn, token: RefreshToken) -> None:
        """Add a sign-in with its first token; the live one on the same device ends."""
        await self._connection.execute(
            update(sign_ins)
            .where(
                sign_ins.c.account_id == sign_in.account_id,
                sign_ins.c.device_id == sign_in.device_id,
                sign_ins.c.ended_at.is_(None),
            )
            .values(ended_at=sign_in.started_at, end_reason=EndReason.REPLACED.value)
        )
        await self._connection.execute(
            insert(sign_ins).values(
                sign_in_id=sign_in.sign_in_id,
                account_id=sign_in.account_id,
                device_id=sign_in.device_id,
                role=sign_in.role.value,
                started_at=sign_in.started_at,
                last_sequence=sign_in.last_sequence,
                expires_at=token.expires_at,
            )
        )
        await self._add(token)

    async def lock_by_token(self, digest: bytes) -> tuple[SignIn, RefreshToken] | None:
        """Return a token and its family, locked."""
        family = select(refresh_tokens.c.sign_in_id).where(refresh_tokens.c.digest == digest).scalar_subquery()
        locked = select(sign_ins).where(sign_ins.c.sign_in_id == family).with_for_update()
        row = (await self._connection.execute(locked)).first()
        if row is None:
            return None
        # A statement of its own, after the lock: it sees what the holder before us has committed.
        token = (
            await self._connection.execute(select(refresh_tokens).where(refresh_tokens.c.digest == digest))
        ).first()
        if token is None:
            return None
        sign_in = SignIn(
            sign_in_id=row.sign_in_id,
            account_id=row.account_id,
            device_id=row.device_id,
            role=SignInRole(row.role),
            started_at=row.started_at,
            last_sequence=row.last_sequence,
            ended_at=row.ended_at,
            end_reason=EndReason(row.end_reason) if row.end_reason else None,
        )
        kept = RefreshToken(
            digest=token.digest,
            sign_in_id=token.sign_in_id,
            sequence=token.sequence,
            expires_at=token.expires_at,
            spent_at=token.spent_at,
            sealed_successor=token.sealed_successor,
        )
        return sign_in, kept

    async def rotate(self, spent: RefreshToken, successor: RefreshToken) -> None:
        """Spend a token and add its successor; what older ones could still open is forgotten."""
        await self._connection.execute(
            update(refresh_tokens)
            .where(
                refresh_tokens.c.sign_in_id == spent.sign_in_id,
                refresh_tokens.c.sequence < spent.sequence,
                refresh_tokens.c.sealed_successor.is_not(None),
            )
            .values(sealed_successor=None)
        )
        await self._connection.execute(
            update(refresh_tokens)
            .where(refresh_tokens.c.digest == spent.digest)
            .values(spent_at=spent.spent_at, sealed_successor=spent.sealed_successor)
        )
        await self._add(successor)
        await self._connection.execute(
            update(sign_ins)
            .where(sign_ins.c.sign_in_id == successor.sign_in_id)
            .values(last_sequence=successor.sequence, expires_at=successor.expires_at)
        )

    async def end(self, sign_in_id: UUID, reason: EndReason, now: datetime) -> None:
        """End a live sign-in."""
        await self._connection.execute(
            update(sign_ins)
            .where(sign_ins.c.sign_in_id == sign_in_id, sign_ins.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason.value)
        )

    async def _add(self, token: RefreshToken) -> None:
        await self._connection.execute(
            insert(refresh_tokens).values(
                digest=token.digest,
                sign_in_id=token.sign_in_id,
                sequence=token.sequence,
                expires_at=token.expires_at,
            )
        )
