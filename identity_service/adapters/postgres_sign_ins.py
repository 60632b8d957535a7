"""Signed-in devices and their refresh tokens in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.sign_in_tables import refresh_tokens, sign_ins
from identity_service.domain.sign_ins import EndReason, LiveSignIn, RefreshToken, SignIn, SignInRole


class PostgresSignIns:
    """Sign-ins as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, sign_in: SignIn, token: RefreshToken) -> Sequence[UUID]:
        """Add a sign-in with its first token; return the live one on the same device, which ended."""
        replaced = await self._connection.scalars(
            update(sign_ins)
            .where(
                sign_ins.c.account_id == sign_in.account_id,
                sign_ins.c.device_id == sign_in.device_id,
                sign_ins.c.ended_at.is_(None),
            )
            .values(ended_at=sign_in.started_at, end_reason=EndReason.REPLACED.value)
            .returning(sign_ins.c.sign_in_id)
        )
        ended = replaced.all()
        await self._connection.execute(
            insert(sign_ins).values(
                sign_in_id=sign_in.sign_in_id,
                account_id=sign_in.account_id,
                device_id=sign_in.device_id,
                role=sign_in.role.value,
                started_at=sign_in.started_at,
                last_used_at=sign_in.started_at,
                last_sequence=sign_in.last_sequence,
                expires_at=token.expires_at,
            )
        )
        await self._add(token)
        return ended

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
            .values(last_sequence=successor.sequence, expires_at=successor.expires_at, last_used_at=spent.spent_at)
        )

    async def end(self, sign_in_id: UUID, reason: EndReason, now: datetime) -> UUID | None:
        """End a live sign-in; return whose it was."""
        return await self._connection.scalar(
            update(sign_ins)
            .where(sign_ins.c.sign_in_id == sign_in_id, sign_ins.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason.value)
            .returning(sign_ins.c.account_id)
        )

    async def is_new_device(self, account_id: UUID, device_id: str) -> bool:
        """Tell whether an account signed in before, but never on this device."""
        theirs = sign_ins.c.account_id == account_id
        query = select(exists().where(theirs) & ~exists().where(theirs, sign_ins.c.device_id == device_id))
        return bool(await self._connection.scalar(query))

    async def live(self, account_id: UUID, now: datetime, at_most: int) -> Sequence[LiveSignIn]:
        """Return an account's live sign-ins, the newest first."""
        query = (
            select(sign_ins)
            .where(sign_ins.c.account_id == account_id, sign_ins.c.ended_at.is_(None), sign_ins.c.expires_at > now)
            .order_by(sign_ins.c.started_at.desc(), sign_ins.c.sign_in_id.desc())
            .limit(at_most)
        )
        return [
            LiveSignIn(
                row.sign_in_id,
                row.device_id,
                SignInRole(row.role),
                row.started_at,
                row.last_used_at,
                row.expires_at,
            )
            for row in await self._connection.execute(query)
        ]

    async def end_own(self, account_id: UUID, sign_in_id: UUID, reason: EndReason, now: datetime) -> bool | None:
        """End a sign-in of an account; None if it is none of the account's."""
        own = (sign_ins.c.sign_in_id == sign_in_id) & (sign_ins.c.account_id == account_id)
        if (await self._connection.execute(select(sign_ins.c.sign_in_id).where(own))).first() is None:
            return None
        return await self.end(sign_in_id, reason, now) is not None

    async def end_all(
        self,
        account_id: UUID,
        reason: EndReason,
        now: datetime,
        *,
        but: UUID | None = None,
        role: SignInRole | None = None,
    ) -> Sequence[UUID]:
        """End an account's live sign-ins; return which."""
        statement = (
            update(sign_ins)
            .where(sign_ins.c.account_id == account_id, sign_ins.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason.value)
        )
        if but is not None:
            statement = statement.where(sign_ins.c.sign_in_id != but)
        if role is not None:
            statement = statement.where(sign_ins.c.role == role.value)
        return (await self._connection.scalars(statement.returning(sign_ins.c.sign_in_id))).all()

    async def _add(self, token: RefreshToken) -> None:
        await self._connection.execute(
            insert(refresh_tokens).values(
                digest=token.digest,
                sign_in_id=token.sign_in_id,
                sequence=token.sequence,
                expires_at=token.expires_at,
            )
        )
