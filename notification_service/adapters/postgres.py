"""The store of notifications and deliveries in Postgres."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.inbox import first_time
from chassis.telemetry import current_traceparent
from notification_service.adapters import postgres_owing, postgres_webhooks
from notification_service.adapters.people_tables import suppressions
from notification_service.adapters.tables import deliveries, inbox_events, notifications, recipients
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.planning import Reader
from notification_service.domain.webhooks import WebhookEvent
from notification_service.use_cases.ports import DeliveryCount, OwedCode, OwedMessage, Owing
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource

_CONSUMER = "notification"
_ONE_TIME_CODE_TOPIC = "one_time_code"


class PostgresTransaction:
    """One transaction on the store."""

    def __init__(self, connection: AsyncConnection, new_id: IdSource) -> None:
        self._connection = connection
        self._new_id = new_id

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event; False if it was taken in before."""
        return await first_time(self._connection, inbox_events, event_id, _CONSUMER)

    async def lift_suppression(self, account_id: UUID, channel: Channel) -> None:
        """Forget that a person's address of a channel is dead."""
        row = suppressions.c
        await self._connection.execute(
            delete(suppressions).where(row.account_id == account_id, row.channel == channel.value)
        )

    async def set_locale(self, account_id: UUID, locale: str) -> None:
        """Store an account's language."""
        statement = insert(recipients).values(account_id=account_id, locale=locale)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["account_id"], set_={"locale": statement.excluded.locale})
        )

    async def first_times(self, event_ids: Sequence[UUID], ride_ids: Sequence[UUID]) -> set[UUID]:
        """Note events; return those that were not taken in before. Who owes news of the same rides takes turns."""
        return await postgres_owing.first_times(self._connection, event_ids, ride_ids, _CONSUMER)

    async def readers(self, account_ids: Sequence[UUID]) -> Mapping[UUID, Reader]:
        """Return what is known of people, as far as it decides how they are reached."""
        return await postgres_owing.readers(self._connection, account_ids)

    async def marketed(self, days: Sequence[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
        """Return which people had a marketing message on which of these days of theirs."""
        return await postgres_owing.marketed(self._connection, days)

    async def owe(self, messages: Sequence[OwedMessage]) -> Owing:
        """Store messages and their deliveries; one with a known dedupe key is left as it was."""
        return await postgres_owing.owe(self._connection, messages, self._new_id) if messages else Owing()

    async def owe_webhooks(self, events: Sequence[WebhookEvent], now: datetime) -> None:
        """Store what is owed to the endpoints that want these events; of one known by its key nothing."""
        await postgres_webhooks.owe(self._connection, events, now)

    async def acknowledge(self, account_id: UUID, notification_id: UUID, now: datetime) -> datetime | None:
        """Note that a notification was seen, once; drop what was to follow otherwise. None if it is not theirs."""
        found = await postgres_owing.acknowledge(self._connection, [(account_id, notification_id)], now)
        return found.get(notification_id)

    async def acknowledge_all(self, pairs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        """Note the same of several: accounts, each with a notification; what is not theirs is passed over."""
        await postgres_owing.acknowledge(self._connection, pairs, now)

    async def owe_code(self, code: OwedCode) -> UUID:
        """Store a code's message; for a known key return the first one's id, or refuse other contents."""
        inserted = await self._connection.scalar(
            insert(notifications)
            .values(
                notification_id=code.notification_id,
                dedupe_key=code.dedupe_key,
                fingerprint=code.fingerprint,
                topic=_ONE_TIME_CODE_TOPIC,
                priority=Priority.SECURITY.value,
                in_inbox=False,
                title="",
                body="",
                contents=postgres_owing.contents_of(code.contents),
                locale=code.locale,
                template=_ONE_TIME_CODE_TOPIC,
                template_version=code.template_version,
                live_type="",
                live_data="",
                created_at=code.created_at,
                expires_at=code.expires_at,
                traceparent=current_traceparent(),
                happened_at=code.created_at,
            )
            .on_conflict_do_nothing(index_elements=["dedupe_key"])
            .returning(notifications.c.notification_id)
        )
        if inserted is None:
            first = (
                await self._connection.execute(
                    select(notifications.c.notification_id, notifications.c.fingerprint).where(
                        notifications.c.dedupe_key == code.dedupe_key
                    )
                )
            ).one()
            if first.fingerprint != code.fingerprint:
                raise Conflict(
                    "idempotency_key_reused", "this key came before with a different request: make a new one"
                )
            return first.notification_id
        await self._connection.execute(
            insert(deliveries).values(
                delivery_id=self._new_id(),
                notification_id=code.notification_id,
                channel=code.channel.value,
                target=code.target,
                state=DeliveryState.PENDING.value,
                priority=Priority.SECURITY.value,
                next_attempt_at=code.created_at,
            )
        )
        return code.notification_id

    async def mark_read(self, account_id: UUID, notification_id: UUID, now: datetime) -> InboxItem | None:
        """Note the first reading of an account's own notification."""
        row = (
            await self._connection.execute(
                update(notifications)
                .where(
                    notifications.c.notification_id == notification_id,
                    notifications.c.account_id == account_id,
                    notifications.c.in_inbox,
                )
                .values(read_at=func.coalesce(notifications.c.read_at, now))
                .returning(notifications)
            )
        ).first()
        return _item(row) if row else None


class PostgresStore:
    """The service's store."""

    def __init__(self, database: Database, new_id: IdSource) -> None:
        self._database = database
        self._new_id = new_id

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresTransaction]:
        """Open a transaction: committed when the block ends, rolled back when it raises."""
        async with self._database.transaction() as connection:
            yield PostgresTransaction(connection, self._new_id)

    async def inbox(self, account_id: UUID, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[InboxItem]:
        """Read an account's inbox, newest first, from before a place in it."""
        statement = (
            select(notifications)
            .where(notifications.c.account_id == account_id, notifications.c.in_inbox)
            .order_by(notifications.c.created_at.desc(), notifications.c.notification_id.desc())
            .limit(limit)
        )
        if before is not None:
            place = tuple_(notifications.c.created_at, notifications.c.notification_id)
            statement = statement.where(place < tuple_(*before))
        async with self._database.connect() as connection:
            return [_item(row) for row in await connection.execute(statement)]

    async def counts_since(self, since: datetime) -> tuple[Sequence[DeliveryCount], int]:
        """Count deliveries by channel and state, and notifications, made since a time."""
        grouped = (
            select(deliveries.c.channel, deliveries.c.state, func.count().label("number"))
            .join(notifications, notifications.c.notification_id == deliveries.c.notification_id)
            .where(notifications.c.created_at >= since)
            .group_by(deliveries.c.channel, deliveries.c.state)
            .order_by(deliveries.c.channel, deliveries.c.state)
        )
        total = select(func.count()).select_from(notifications).where(notifications.c.created_at >= since)
        async with self._database.connect() as connection:
            rows = (await connection.execute(grouped)).all()
            owed = await connection.scalar(total)
        counts = [DeliveryCount(Channel(row.channel), DeliveryState(row.state), row.number) for row in rows]
        return counts, owed or 0


def _item(row: Any) -> InboxItem:
    return InboxItem(
        notification_id=row.notification_id,
        topic=row.topic,
        title=row.title,
        body=row.body,
        ride_id=row.ride_id,
        created_at=row.created_at,
        read_at=row.read_at,
    )
