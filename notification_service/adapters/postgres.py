"""The store of notifications and deliveries in Postgres."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.inbox import first_time
from notification_service.adapters.tables import deliveries, inbox_events, notifications, recipients
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryState, DueDelivery, Outcome
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.sending import Content, Outgoing, Target
from notification_service.use_cases.ports import DeliveryCount, OwedCode, OwedMessage
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource

_CONSUMER = "notification"
_ONE_TIME_CODE_TOPIC = "one_time_code"

_CLAIM = text("""
    WITH due AS (
        SELECT d.delivery_id
        FROM delivery d
        WHERE d.channel = :channel AND d.state = 'pending' AND d.next_attempt_at <= :now
          AND NOT EXISTS (
              SELECT FROM delivery earlier
              WHERE earlier.state = 'pending' AND earlier.ride_id = d.ride_id AND earlier.account_id = d.account_id
                AND earlier.channel = d.channel
                AND (earlier.ride_version, earlier.delivery_id) < (d.ride_version, d.delivery_id))
        ORDER BY d.priority, d.next_attempt_at
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED)
    UPDATE delivery
    SET attempts = attempts + 1, next_attempt_at = :claimed_until
    FROM due, notification n
    WHERE delivery.delivery_id = due.delivery_id AND n.notification_id = delivery.notification_id
    RETURNING delivery.delivery_id, delivery.notification_id, delivery.channel, delivery.target, delivery.priority,
              delivery.attempts, n.topic, n.locale, n.collapse_key, n.expires_at, n.live_type, n.live_data,
              n.contents -> delivery.channel AS content
""")

# What a code's SMS said, and to whom, is nobody's business once it is sent or over.
_WIPE_WORDS = text("""
    UPDATE notification SET contents = '{}'
    WHERE topic = 'one_time_code' AND contents <> '{}' AND notification_id = ANY(:notification_ids)
""")


class PostgresTransaction:
    """One transaction on the store."""

    def __init__(self, connection: AsyncConnection, new_id: IdSource) -> None:
        self._connection = connection
        self._new_id = new_id

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event; False if it was taken in before."""
        return await first_time(self._connection, inbox_events, event_id, _CONSUMER)

    async def set_locale(self, account_id: UUID, locale: str) -> None:
        """Store an account's language."""
        statement = insert(recipients).values(account_id=account_id, locale=locale)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["account_id"], set_={"locale": statement.excluded.locale})
        )

    async def locales(self, account_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return the known languages of accounts."""
        if not account_ids:
            return {}
        rows = await self._connection.execute(
            select(recipients.c.account_id, recipients.c.locale).where(recipients.c.account_id.in_(account_ids))
        )
        return {row.account_id: row.locale for row in rows}

    async def owe(self, messages: Sequence[OwedMessage]) -> None:
        """Store messages and their deliveries; one with a known dedupe key is left as it was."""
        if not messages:
            return
        stored = await self._connection.execute(
            insert(notifications)
            .values([_notification_row(owed) for owed in messages])
            .on_conflict_do_nothing(index_elements=["dedupe_key"])
            .returning(notifications.c.notification_id)
        )
        new = {row.notification_id for row in stored}
        rows = [
            self._delivery_row(owed, channel)
            for owed in messages
            if owed.notification_id in new
            for channel in owed.message.channels
        ]
        if rows:
            await self._connection.execute(insert(deliveries).values(rows))

    async def owe_code(self, code: OwedCode) -> UUID:
        """Store a code's SMS; for a known key return the first one's id, or refuse other contents."""
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
                contents=_contents({Channel.SMS: code.content}),
                locale=code.locale,
                live_type="",
                live_data="",
                created_at=code.created_at,
                expires_at=code.expires_at,
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
                channel=Channel.SMS.value,
                target=code.phone_number,
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

    def _delivery_row(self, owed: OwedMessage, channel: Channel) -> dict[str, Any]:
        # The inbox is this very store: what stands in it has arrived.
        there = channel is Channel.INBOX
        return {
            "delivery_id": self._new_id(),
            "notification_id": owed.notification_id,
            "channel": channel.value,
            "target": str(owed.message.account_id),
            "state": (DeliveryState.SENT if there else DeliveryState.PENDING).value,
            "priority": owed.message.priority.value,
            "account_id": owed.message.account_id,
            "ride_id": owed.message.ride_id,
            "ride_version": owed.message.ride_version,
            "next_attempt_at": owed.created_at,
            "finished_at": owed.created_at if there else None,
        }


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

    async def claim_due(self, channel: Channel, now: datetime, lease: timedelta, limit: int) -> Sequence[DueDelivery]:
        """Claim a channel's due deliveries; of one ride and account only the earliest."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(
                _CLAIM, {"channel": channel.value, "now": now, "claimed_until": now + lease, "limit": limit}
            )
            due = [DueDelivery(row.delivery_id, row.attempts, _outgoing(row), Target(row.target)) for row in rows]
        return sorted(due, key=lambda delivery: delivery.delivery_id.int)

    async def record(self, outcomes: Sequence[tuple[DueDelivery, Outcome]], now: datetime) -> None:
        """Write down what became of claimed deliveries."""
        statement = (
            update(deliveries)
            .where(
                deliveries.c.delivery_id == bindparam("claimed_id"), deliveries.c.state == DeliveryState.PENDING.value
            )
            .values(
                state=bindparam("new_state"),
                error=bindparam("new_error"),
                next_attempt_at=func.coalesce(bindparam("retry_at"), deliveries.c.next_attempt_at),
                finished_at=bindparam("ended_at"),
                target=bindparam("kept_target"),
            )
        )
        finished = [delivery for delivery, outcome in outcomes if outcome.state is not DeliveryState.PENDING]
        async with self._database.transaction() as connection:
            await connection.execute(
                statement, [_outcome_row(delivery, outcome, now) for delivery, outcome in outcomes]
            )
            spoken = [
                delivery.message.notification_id for delivery in finished if delivery.message.channel is Channel.SMS
            ]
            if spoken:
                await connection.execute(_WIPE_WORDS, {"notification_ids": spoken})

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


def _notification_row(owed: OwedMessage) -> dict[str, Any]:
    message = owed.message
    return {
        "notification_id": owed.notification_id,
        "dedupe_key": owed.dedupe_key,
        "account_id": message.account_id,
        "topic": message.topic.value,
        "priority": message.priority.value,
        "ride_id": message.ride_id,
        "ride_version": message.ride_version,
        "in_inbox": Channel.INBOX in message.channels,
        "title": owed.inbox.title,
        "body": owed.inbox.body,
        "contents": _contents(owed.contents),
        "locale": owed.locale,
        "collapse_key": owed.message.collapse_key,
        "live_type": owed.live_type,
        "live_data": owed.live_data,
        "created_at": owed.created_at,
        "expires_at": owed.expires_at,
    }


def _contents(contents: Mapping[Channel, Content]) -> dict[str, dict[str, str]]:
    return {
        channel.value: {name: words for name, words in asdict(content).items() if words}
        for channel, content in contents.items()
    }


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(
        notification_id=row.notification_id,
        channel=Channel(row.channel),
        topic=row.topic,
        priority=Priority(row.priority),
        expires_at=row.expires_at,
        content=Content(**row.content) if row.content else Content(),
        locale=row.locale,
        collapse_key=row.collapse_key,
        live_type=row.live_type,
        live_data=row.live_data,
    )


def _outcome_row(delivery: DueDelivery, outcome: Outcome, now: datetime) -> dict[str, Any]:
    over = outcome.state is not DeliveryState.PENDING
    wipe = over and delivery.message.channel is Channel.SMS
    address = delivery.target.address
    return {
        "claimed_id": delivery.delivery_id,
        "new_state": outcome.state.value,
        "new_error": outcome.error,
        "retry_at": outcome.next_attempt_at,
        "ended_at": now if over else None,
        "kept_target": f"…{address[-2:]}" if wipe else address,
    }


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
