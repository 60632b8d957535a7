"""Endpoints of webhooks, and what is owed to them, in Postgres."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Update, delete, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.seals import CannotOpenError, KeyRing, Sealed
from notification_service.adapters.webhook_tables import webhook_endpoints, webhooks
from notification_service.domain.webhooks import (
    MAX_ENDPOINTS,
    MOST_UNDER_WAY,
    DueWebhook,
    Endpoint,
    WebhookEvent,
    WebhookOutcome,
    WebhookState,
)
from notification_service.use_cases.webhook_ports import WebhookStory
from shared_kernel.errors import Conflict, Unavailable

_log = logging.getLogger(__name__)
_SHOWN_FOR = timedelta(days=1)
"""How long whoever repeats the request that made an endpoint is told its secret again."""

_OWE = text("""
    INSERT INTO webhook (webhook_id, endpoint_id, event_key, topic, payload, traceparent, state, next_attempt_at,
                         created_at)
    SELECT gen_random_uuid(), e.endpoint_id, o.event_key, o.topic, o.payload, o.traceparent, 'pending', :now, :now
    FROM unnest(CAST(:keys AS text[]), CAST(:topics AS text[]), CAST(:payloads AS text[]), CAST(:traces AS text[]))
         AS o(event_key, topic, payload, traceparent)
    JOIN webhook_endpoint e
      ON e.disabled_because = '' AND (e.topics = '{}' OR o.topic = ANY(e.topics))
    ON CONFLICT (endpoint_id, event_key) DO NOTHING
""")

# Of each endpoint a few, so that one that hangs keeps nobody else's waiting.
_CLAIM = text("""
    WITH due AS (
        SELECT d.webhook_id
        FROM webhook_endpoint e
        CROSS JOIN LATERAL (
            SELECT w.webhook_id FROM webhook w
            WHERE w.endpoint_id = e.endpoint_id AND w.state = 'pending' AND w.next_attempt_at <= :now
            ORDER BY w.next_attempt_at
            LIMIT greatest(0, :most - coalesce((SELECT b.under_way FROM unnest(
                CAST(:busy AS uuid[]), CAST(:under_way AS int[])) AS b(endpoint_id, under_way)
                WHERE b.endpoint_id = e.endpoint_id), 0))
            FOR UPDATE SKIP LOCKED) AS d
        WHERE e.disabled_because = ''),
    claimed AS (
        UPDATE webhook SET attempts = attempts + 1, next_attempt_at = :claimed_until
        FROM due WHERE webhook.webhook_id = due.webhook_id
        RETURNING webhook.*)
    SELECT c.webhook_id, c.attempts, c.payload, c.traceparent, e.*
    FROM claimed c JOIN webhook_endpoint e USING (endpoint_id)
""")

_OLDEST_DUE_AT = text("""
    SELECT min(due.next_attempt_at)
    FROM webhook_endpoint e
    CROSS JOIN LATERAL (
        SELECT w.next_attempt_at FROM webhook w
        WHERE w.endpoint_id = e.endpoint_id AND w.state = 'pending' AND w.next_attempt_at <= :now
        ORDER BY w.next_attempt_at
        LIMIT 1) AS due
    WHERE e.disabled_because = ''
""")


async def owe(connection: AsyncConnection, events: Sequence[WebhookEvent], now: datetime) -> None:
    """Store what is owed to the endpoints that want these events; in the transaction of what owes it."""
    if events:
        payloads = [json.dumps(event.body, ensure_ascii=False, separators=(",", ":")) for event in events]
        topics = [event.topic for event in events]
        parameters = {
            "keys": [event.key for event in events],
            "topics": topics,
            "payloads": payloads,
            "traces": [event.trace for event in events],
            "now": now,
        }
        await connection.execute(_OWE, parameters)


class PostgresWebhooks:
    """The WebhookStore of production. Secrets are sealed with a ring of keys, each for its own row."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def add(self, endpoint: Endpoint, created_by: str, request_id: str) -> Endpoint:
        """Keep an endpoint, once a request."""
        sealed = self._keys.seal(endpoint.secret, endpoint.endpoint_id.bytes)
        row = webhook_endpoints.c
        made_before = select(webhook_endpoints).where(row.created_by == created_by, row.request_id == request_id)
        async with self._database.transaction() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('webhook endpoints'))"))
            if request_id and (first := (await connection.execute(made_before)).first()) is not None:
                return self._shown_again(first, endpoint)
            known = (await connection.execute(select(webhook_endpoints.c.endpoint_id))).all()
            if len(known) >= MAX_ENDPOINTS:
                raise Conflict("too_many_endpoints", f"{MAX_ENDPOINTS} endpoints are the most: remove one first")
            await connection.execute(
                insert(webhook_endpoints).values(
                    endpoint_id=endpoint.endpoint_id,
                    url=endpoint.url,
                    topics=sorted(endpoint.topics),
                    sealed_secret=sealed.content,
                    sealed_with=sealed.key_id,
                    created_at=endpoint.created_at,
                    created_by=created_by if request_id else None,
                    request_id=request_id or None,
                )
            )
        return endpoint

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return all endpoints, in the order of their making; their secrets stay sealed."""
        order = (webhook_endpoints.c.created_at, webhook_endpoints.c.endpoint_id)
        async with self._database.connect() as connection:
            return [_endpoint(row) for row in await connection.execute(select(webhook_endpoints).order_by(*order))]

    async def remove(self, endpoint_id: UUID) -> bool:
        """Forget an endpoint and all that is owed to it; False where there is none."""
        statement = delete(webhook_endpoints).where(webhook_endpoints.c.endpoint_id == endpoint_id)
        async with self._database.connect() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def claim(self, busy: Sequence[tuple[UUID, int]], now: datetime, lease: timedelta) -> Sequence[DueWebhook]:
        """Claim what is due for the time of a lease; `busy` says how many are under way to whom."""
        parameters = {
            "now": now,
            "claimed_until": now + lease,
            "most": MOST_UNDER_WAY,
            "busy": [endpoint_id for endpoint_id, _ in busy],
            "under_way": [count for _, count in busy],
        }
        async with self._database.connect() as connection:
            rows = await connection.execute(_CLAIM, parameters)
            due = [self._due(row) for row in rows]
        return [webhook for webhook in due if webhook is not None]

    async def oldest_due_at(self, now: datetime) -> datetime | None:
        """Return since when the one that has waited the longest is due, of endpoints that are posted to."""
        async with self._database.connect() as connection:
            return await connection.scalar(_OLDEST_DUE_AT, {"now": now})

    async def seal_again(self) -> int:
        """Seal the secrets that stand in plain, or that an older key sealed; return how many were."""
        rows = select(webhook_endpoints).where(webhook_endpoints.c.sealed_with != self._keys.key_id)
        done = 0
        async with self._database.transaction() as connection:
            for row in (await connection.execute(rows.with_for_update(skip_locked=True))).all():
                secret = self._secret(row)
                if secret is None:
                    continue
                sealed = self._keys.seal(secret, row.endpoint_id.bytes)
                await connection.execute(
                    update(webhook_endpoints)
                    .where(webhook_endpoints.c.endpoint_id == row.endpoint_id)
                    .values(secret=None, sealed_secret=sealed.content, sealed_with=sealed.key_id)
                )
                done += 1
        return done

    def _due(self, row: Any) -> DueWebhook | None:
        """Open what is needed to sign; what cannot be opened is left, and found again when its lease is over."""
        secret = self._secret(row)
        if secret is None:
            return None
        return DueWebhook(row.webhook_id, _endpoint(row, secret), row.attempts, row.payload, row.traceparent)

    def _shown_again(self, first: Any, asked: Endpoint) -> Endpoint:
        if (first.url, frozenset(first.topics)) != (asked.url, asked.topics):
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        if asked.created_at - first.created_at >= _SHOWN_FOR:
            raise Conflict("idempotency_key_reused", "this key made an endpoint more than a day ago: make a new one")
        secret = self._secret(first)
        if secret is None:
            raise Unavailable("secret_unavailable", "the endpoint's secret cannot be opened: its key is not here")
        return _endpoint(first, secret)

    def _secret(self, row: Any) -> str | None:
        if row.sealed_secret is None:
            return cast("str", row.secret)
        try:
            return self._keys.open(Sealed(row.sealed_with, row.sealed_secret), row.endpoint_id.bytes)
        except CannotOpenError as error:
            _log.error(
                "the secret of an endpoint cannot be opened",
                extra={"endpoint_id": str(row.endpoint_id), "cause": str(error)},
            )
            return None

    async def record(self, webhook: DueWebhook, outcome: WebhookOutcome, now: datetime) -> None:
        """Write down what became of a claimed one; an endpoint that is gone is posted to no more."""
        over = outcome.state is not WebhookState.PENDING
        statement = (
            update(webhooks)
            .where(webhooks.c.webhook_id == webhook.webhook_id, webhooks.c.state == WebhookState.PENDING.value)
            .values(
                state=outcome.state.value,
                status=outcome.status,
                error=outcome.error,
                finished_at=now if over else None,
                **({} if outcome.next_attempt_at is None else {"next_attempt_at": outcome.next_attempt_at}),
            )
        )
        if outcome.state is not WebhookState.SENT:
            # A worker whose lease ran out may still tell that it went, since it did; nothing else.
            statement = statement.where(webhooks.c.attempts == webhook.attempts)
        async with self._database.transaction() as connection:
            await connection.execute(statement)
            if outcome.gone:
                await connection.execute(
                    update(webhook_endpoints)
                    .where(webhook_endpoints.c.endpoint_id == webhook.endpoint.endpoint_id)
                    .values(disabled_because="gone")
                )

    async def stories(
        self, endpoint_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[WebhookStory]:
        """Return what an endpoint was owed, newest first, from before a place in it."""
        statement = (
            select(webhooks)
            .where(webhooks.c.endpoint_id == endpoint_id)
            .order_by(webhooks.c.created_at.desc(), webhooks.c.webhook_id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(webhooks.c.created_at, webhooks.c.webhook_id) < tuple_(*before))
        async with self._database.connect() as connection:
            return [_story(row) for row in await connection.execute(statement)]

    async def replay(self, webhook_id: UUID, now: datetime) -> WebhookStory | None:
        """Owe one again from the beginning, whatever became of it; None where there is none."""
        async with self._database.transaction() as connection:
            statement = _again([webhooks.c.webhook_id == webhook_id], now).returning(webhooks)
            row = (await connection.execute(statement)).first()
            if row is None:
                return None
            await _enable(connection, [row.endpoint_id])
            return _story(row)

    async def replay_failed(self, endpoint_id: UUID, since: datetime, now: datetime) -> int:
        """Owe all again that failed since a time, and post to an endpoint that was left alone; return how many."""
        failed = [
            webhooks.c.endpoint_id == endpoint_id,
            webhooks.c.state == WebhookState.FAILED.value,
            webhooks.c.created_at >= since,
        ]
        async with self._database.transaction() as connection:
            count = (await connection.execute(_again(failed, now))).rowcount
            if count:
                await _enable(connection, [endpoint_id])
        return count


def _again(where: Sequence[Any], now: datetime) -> Update:
    """Owe what is meant again from the beginning."""
    return (
        update(webhooks)
        .where(*where)
        .values(state=WebhookState.PENDING.value, attempts=0, next_attempt_at=now, finished_at=None, status=0, error="")
    )


async def _enable(connection: AsyncConnection, endpoint_ids: Sequence[UUID]) -> None:
    """Post to endpoints that were left alone."""
    await connection.execute(
        update(webhook_endpoints).where(webhook_endpoints.c.endpoint_id.in_(endpoint_ids)).values(disabled_because="")
    )


def _endpoint(row: Any, secret: str = "") -> Endpoint:
    return Endpoint(row.endpoint_id, row.url, frozenset(row.topics), secret, row.created_at, row.disabled_because)


def _story(row: Any) -> WebhookStory:
    return WebhookStory(
        webhook_id=row.webhook_id,
        endpoint_id=row.endpoint_id,
        topic=row.topic,
        state=WebhookState(row.state),
        attempts=row.attempts,
        status=row.status,
        error=row.error,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        finished_at=row.finished_at,
        payload=row.payload,
    )
