"""Requests and their stored answers.

The chassis' idempotency keys hold an answer that one call brings. Here an answer may come later and from elsewhere (the
sweep), and several requests may wait for one operation; so a request names the operation that answers it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.codec import answer_from_json, answer_to_json
from payment_service.adapters.tables import request as requests
from payment_service.use_cases.answers import Answer
from payment_service.use_cases.repositories import EarlierRequest, RequestKey
from shared_kernel.errors import Conflict


class PostgresRequests:
    """See `repositories.Requests`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, request: RequestKey, now: datetime) -> EarlierRequest | None:
        fresh = (
            insert(requests)
            .values(
                principal=request.principal,
                method=request.method,
                key=request.key,
                fingerprint=request.fingerprint,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(requests.c.key)
        )
        if (await self._connection.execute(fresh)).first() is not None:
            return None
        earlier = select(requests.c.fingerprint, requests.c.answer, requests.c.operation_id).where(_is(request))
        row = (await self._connection.execute(earlier)).one()
        if row.fingerprint != request.fingerprint:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        return EarlierRequest(None if row.answer is None else answer_from_json(row.answer), row.operation_id)

    async def wait_for(self, request: RequestKey, operation_id: UUID) -> None:
        await self._connection.execute(update(requests).where(_is(request)).values(operation_id=operation_id))

    async def answer(self, request: RequestKey, answer: Answer) -> None:
        await self._connection.execute(update(requests).where(_is(request)).values(answer=answer_to_json(answer)))

    async def answer_waiting(self, operation_id: UUID, answer: Answer) -> None:
        waiting = and_(requests.c.operation_id == operation_id, requests.c.answer.is_(None))
        await self._connection.execute(update(requests).where(waiting).values(answer=answer_to_json(answer)))

    async def answer_of(self, operation_id: UUID) -> Answer | None:
        brought = and_(requests.c.operation_id == operation_id, requests.c.answer.is_not(None))
        stored = await self._connection.scalar(select(requests.c.answer).where(brought).limit(1))
        return None if stored is None else answer_from_json(stored)


def _is(request: RequestKey) -> ColumnElement[bool]:
    return and_(
        requests.c.principal == request.principal,
        requests.c.method == request.method,
        requests.c.key == request.key,
    )
