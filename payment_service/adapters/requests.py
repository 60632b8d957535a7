"""Requests and their stored answers.

The chassis' idempotency keys hold an answer that one call brings. Here an answer may come later and from elsewhere (the
sweep), and several requests may wait for one operation; so a request names the operation that answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import array_values, rows_like
from payment_service.adapters.codec import answer_from_json, answer_to_text
from payment_service.adapters.tables import request as requests
from payment_service.adapters.write_behind import WriteBehind
from payment_service.use_cases.answers import Answer
from payment_service.use_cases.repositories import EarlierRequest, RequestKey
from shared_kernel.errors import Conflict


class PostgresRequests:
    """See `repositories.Requests`."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._claimed: set[RequestKey] = set()

    def know_claimed(self, request: RequestKey) -> None:
        """Take in that this transaction has claimed a request already."""
        self._claimed.add(request)

    async def claim(self, request: RequestKey, now: datetime) -> EarlierRequest | None:
        if request in self._claimed:
            self._claimed.remove(request)
            return None
        fresh = {**dict(zip(_KEY_NAMES, name_of(request), strict=True)), "fingerprint": request.fingerprint}
        if (await self._connection.execute(_CLAIM_ONE, {**fresh, "created_at": now})).first() is not None:
            return None
        earlier = select(requests.c.fingerprint, requests.c.answer, requests.c.operation_id).where(_is(request))
        row = (await self._connection.execute(earlier)).one()
        if row.fingerprint != request.fingerprint:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        return EarlierRequest(None if row.answer is None else answer_from_json(row.answer), row.operation_id)

    async def wait_for(self, request: RequestKey, operation_id: UUID) -> None:
        self._connection.waiting.answered.append((request, operation_id, None))

    async def answer(self, request: RequestKey, answer: Answer) -> None:
        self._connection.waiting.answered.append((request, None, answer))

    async def answer_waiting(self, operation_id: UUID, answer: Answer) -> None:
        self._connection.waiting.brought.append((operation_id, answer))

    async def forget_waiting(self, operation_id: UUID) -> None:
        waiting = and_(requests.c.operation_id == operation_id, requests.c.answer.is_(None))
        await self._connection.execute(delete(requests).where(waiting))

    async def operation_of(self, request: RequestKey) -> UUID | None:
        return await self._connection.scalar(select(requests.c.operation_id).where(_is(request)))

    async def answer_of(self, operation_id: UUID) -> Answer | None:
        brought = and_(requests.c.operation_id == operation_id, requests.c.answer.is_not(None))
        stored = await self._connection.scalar(select(requests.c.answer).where(brought).limit(1))
        return None if stored is None else answer_from_json(stored)


_KEY_NAMES = ("principal", "method", "key")
_FRESH_NAMES = (*_KEY_NAMES, "fingerprint", "created_at")
_CLAIM_ONE = insert(requests).on_conflict_do_nothing().returning(requests.c.key)
_FRESH = rows_like("fresh", [requests.c[name] for name in _FRESH_NAMES])
_CLAIM = (
    insert(requests)
    # In one order everywhere, so that two groups cannot wait for each other.
    .from_select(_FRESH_NAMES, select(*_FRESH.c).order_by(*(_FRESH.c[name] for name in _KEY_NAMES)))
    .on_conflict_do_nothing()
    .returning(*(requests.c[name] for name in _KEY_NAMES))
)
_KEYS = rows_like("unclaimed", [requests.c[name] for name in _KEY_NAMES])
_UNCLAIM = delete(requests).where(*(requests.c[name] == _KEYS.c[name] for name in _KEY_NAMES))
_ANSWERED_NAMES = (*_KEY_NAMES, "operation_id", "answer")
_ANSWERED = rows_like("answered", [requests.c[name] for name in _ANSWERED_NAMES])
_ANSWER = (
    update(requests)
    .where(*(requests.c[name] == _ANSWERED.c[name] for name in _KEY_NAMES))
    .values(
        operation_id=func.coalesce(_ANSWERED.c.operation_id, requests.c.operation_id),
        answer=func.coalesce(cast(_ANSWERED.c.answer, JSONB), requests.c.answer),
    )
)
_BROUGHT_NAMES = ("operation_id", "answer")
_BROUGHT = rows_like("brought", [requests.c[name] for name in _BROUGHT_NAMES])
_BRING = (
    update(requests)
    .where(requests.c.operation_id == _BROUGHT.c.operation_id, requests.c.answer.is_(None))
    .values(answer=cast(_BROUGHT.c.answer, JSONB))
)


async def claim_all(
    connection: AsyncConnection, claims: Sequence[RequestKey], now: datetime
) -> set[tuple[str, str, str]]:
    """Claim requests and return the names (principal, method, key) of those that are new."""
    rows = [(*name_of(claim), claim.fingerprint, now) for claim in claims]
    fresh = await connection.execute(_CLAIM, array_values("fresh", _FRESH_NAMES, rows))
    return {(row.principal, row.method, row.key) for row in fresh}


async def unclaim_all(connection: AsyncConnection, claims: Sequence[RequestKey]) -> None:
    """Take back claims of this transaction."""
    await connection.execute(_UNCLAIM, array_values("unclaimed", _KEY_NAMES, [name_of(claim) for claim in claims]))


async def write_answered(
    connection: AsyncConnection, answered: Sequence[tuple[RequestKey, UUID | None, Answer | None]]
) -> None:
    """Write answers, or the operations that will bring them."""
    rows = [
        (*name_of(request), operation_id, None if answer is None else answer_to_text(answer))
        for request, operation_id, answer in answered
    ]
    await connection.execute(_ANSWER, array_values("answered", _ANSWERED_NAMES, rows))


async def write_brought(connection: AsyncConnection, brought: Sequence[tuple[UUID, Answer]]) -> None:
    """Write the answers that operations brought to all requests that wait for them."""
    rows = [(operation_id, answer_to_text(answer)) for operation_id, answer in brought]
    await connection.execute(_BRING, array_values("brought", _BROUGHT_NAMES, rows))


def name_of(request: RequestKey) -> tuple[str, str, str]:
    return request.principal, request.method, request.key


def _is(request: RequestKey) -> ColumnElement[bool]:
    return and_(
        requests.c.principal == request.principal,
        requests.c.method == request.method,
        requests.c.key == request.key,
    )
