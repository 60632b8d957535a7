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
from notification_service.adapters import (
    postgres_acknowledgements,
    postgres_codes,
    postgres_owing,
    postgres_readers,
    postgres_webhooks,
)
from notification_service.adapters.people_tables import suppressions
from notification_service.adapters.postgres_people import end_sign_in
from notification_service.adapters.tables import CONSUMER, deliveries, inbox_events, notifications, recipients
from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.planning import Reader
from notification_service.domain.webhooks import WebhookEvent
from notification_service.use_cases.ports import DeliveryCount, OwedCode, OwedMessage, Owing
from shared_kernel.ids import IdSource


class PostgresTransaction:
    """One transaction on the store."""

    def __init__(self, connection: AsyncConnection, new_id: IdSource) -> None:
        self._connection = connection
        self._new_id = new_id

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event; False if it was taken in before."""
        return await first_time(self._connection, inbox_events, event_id, CONSUMER)

    async def lift_suppression(self, account_id: UUID, channel: Channel) -> None:
        """Forget that a person's address of a channel is dead."""
        row = suppressions.c
        await self._connection.execute(
            delete(suppressions).where(row.account_id == account_id, row.channel == channel.value)
        )

    async def end_sign_in(self, account_id: UUID, sign_in_id: UUID, replaced_by: UUID | None, now: datetime) -> None:
        """Note that a sign-in ended, and drop its devices or hand them on."""
        await end_sign_in(self._connection, account_id, sign_in_id, replaced_by, now)

    async def set_locale(self, account_id: UUID, locale: str) -> None:
        """Store an account's language."""
        statement = insert(recipients).values(account_id=account_id, locale=locale)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["account_id"], set_={"locale": statement.excluded.locale})
        )

    async def first_times(self, event_ids: Sequence[UUID], ride_ids: Sequence[UUID]) -> set[UUID]:
        """Note events; return those that were not taken in before. Who owes news of the same rides takes turns."""
        return await postgres_owing.first_times(self._connection, event_ids, ride_ids, CONSUMER)

    async def readers(self, account_ids: Sequence[UUID]) -> Mapping[UUID, Reader]:
        """Return what is known of people, as far as it decides how they are reached."""
        return await postgres_readers.readers(self._connection, account_ids)

    async def marketed(self, days: Sequence[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
        """Return which people had a marketing message on which of these days of theirs."""
        return await postgres_readers.marketed(self._connection, days)

    async def owe(self, messages: Sequence[OwedMessage]) -> Owing:
        """Store messages and their deliveries; one with a known dedupe key is left as it was."""
        return await postgres_owing.owe(self._connection, messages, self._new_id) if messages else Owing()

    async def owe_webhooks(self, events: Sequence[WebhookEvent], now: datetime) -> None:
        """Store what is owed to the endpoints that want these events; of one known by its key nothing."""
        await postgres_webhooks.owe(self._connection, events, now)

    async def acknowledge(self, account_id: UUID, notification_id: UUID, now: datetime) -> datetime | None:
        """Note that a notification was seen, once; drop what was to follow otherwise. None if it is not theirs."""
        found = await postgres_acknowledgements.acknowledge(self._connection, [(account_id, notification_id)], now)
        return found.get(notification_id)

    async def acknowledge_all(self, pairs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        """Note the same of several: accounts, each with a notification; what is not theirs is passed over."""
        await postgres_acknowledgements.acknowledge(self._connection, pairs, now)

    async def owe_code(self, code: OwedCode) -> UUID:
        """Store a code's message, and call off the calls with older codes to its target; for a known key return the
        first one's id, or refuse other contents."""
        return await postgres_codes.owe_code(self._connection, code, self._new_id)

    async def close_code(self, dedupe_key: str, now: datetime) -> None:
        """Note that a code is not needed any more: nobody is called to hear it."""
        await postgres_codes.close_code(self._connection, dedupe_key, now)

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
