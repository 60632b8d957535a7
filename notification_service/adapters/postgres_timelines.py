"""What became of messages, read from Postgres; replays and receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.telemetry import trace_id_of
from notification_service.adapters import postgres_codes
from notification_service.adapters.tables import deliveries, notifications
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryEvent, DeliveryState
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.timeline import (
    EVENTS_KEPT_SHOWN,
    DeliveryStory,
    FailedDelivery,
    RideMessage,
    TimelineEntry,
)

_DELIVERIES = text("""
    SELECT * FROM delivery WHERE notification_id = ANY(:notification_ids) ORDER BY delivery_id
""")
_EVENTS = text("""
    SELECT * FROM (
        SELECT e.*, row_number() OVER (PARTITION BY delivery_id ORDER BY delivery_event_id) AS number
        FROM delivery_event e WHERE delivery_id = ANY(:delivery_ids)) AS numbered
    WHERE number <= :most ORDER BY delivery_event_id
""")
_JUDGE_REPLAY = text("""
    SELECT d.state, d.target, d.channel, d.device_id, n.contents,
           d.ride_version > 0 AND EXISTS (
               SELECT FROM delivery later
               WHERE later.ride_id = d.ride_id AND later.channel = d.channel AND later.target = d.target
                 AND later.ride_version > d.ride_version AND later.state = 'sent') AS superseded
    FROM delivery d JOIN notification n USING (notification_id)
    WHERE d.delivery_id = :delivery_id
    FOR UPDATE OF d, n
""")
_REPLAY = text("""
    UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_at = :now, finished_at = NULL, error = ''
    WHERE delivery_id = :delivery_id
""")
# Its whole life again, as it was measured when it was owed: counted from what it tells of, or from when it began anew.
_LIVE_AGAIN = text("""
    UPDATE notification SET expires_at = greatest(expires_at, CAST(:now AS timestamptz) + (expires_at - coalesce(
        (SELECT max(e.happened_at) FROM delivery_event e JOIN delivery way USING (delivery_id)
         WHERE way.notification_id = notification.notification_id AND e.kind = 'replayed'),
        least(happened_at, created_at))))
    WHERE notification_id = (SELECT notification_id FROM delivery WHERE delivery_id = :delivery_id)
""")
_NOTE = text("""
    INSERT INTO delivery_event (delivery_id, happened_at, kind, provider, detail)
    VALUES (:delivery_id, :happened_at, :kind, :provider, :detail)
""")
_OF_RECEIPT = text("""
    SELECT d.delivery_id, d.account_id, d.channel, d.provider, d.notification_id, n.topic
    FROM delivery d JOIN notification n USING (notification_id)
    WHERE d.provider = ANY(:providers) AND d.provider_message_id = :provider_message_id
    FOR UPDATE OF d
""")
_KNOWN_RECEIPT = text("""
    SELECT EXISTS (SELECT FROM delivery_event WHERE delivery_id = :delivery_id AND kind = :kind)
""")
_SUPPRESS = text("""
    INSERT INTO suppression (account_id, channel, reason, provider, suppressed_at)
    VALUES (:account_id, :channel, :reason, :provider, :now)
    ON CONFLICT (account_id, channel) DO NOTHING
""")


async def _deliveries_of(
    connection: AsyncConnection, notification_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[DeliveryStory]]:
    by_message: dict[UUID, list[DeliveryStory]] = defaultdict(list)
    if not notification_ids:
        return by_message
    ways = (await connection.execute(_DELIVERIES, {"notification_ids": list(notification_ids)})).all()
    events = await _events(connection, [way.delivery_id for way in ways])
    for way in ways:
        by_message[way.notification_id].append(_story(way, events))
    return by_message


class PostgresTimelines:
    """The Timelines of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(
        self, account_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[TimelineEntry]:
        """Read what a person was owed, newest first, from before a place in it."""
        statement = (
            select(notifications)
            .where(notifications.c.account_id == account_id)
            .order_by(notifications.c.created_at.desc(), notifications.c.notification_id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(
                tuple_(notifications.c.created_at, notifications.c.notification_id) < tuple_(*before)
            )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).all()
            by_message = await _deliveries_of(connection, [row.notification_id for row in rows])
        return [
            TimelineEntry(
                item=_item(row),
                priority=Priority(row.priority),
                expires_at=row.expires_at,
                acknowledged_at=row.acknowledged_at,
                deliveries=by_message[row.notification_id],
            )
            for row in rows
        ]

    async def of_ride(self, ride_id: UUID, limit: int) -> Sequence[RideMessage]:
        """Read what was owed for a ride, oldest first."""
        row = notifications.c
        statement = select(notifications).where(row.ride_id == ride_id).order_by(row.created_at, row.notification_id)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement.limit(limit))).all()
            by_message = await _deliveries_of(connection, [row.notification_id for row in rows])
        return [
            RideMessage(
                notification_id=row.notification_id,
                account_id=row.account_id,
                topic=row.topic,
                created_at=row.created_at,
                acknowledged_at=row.acknowledged_at,
                # version, trace, span, flags (W3C Trace Context)
                trace_id=trace_id_of(row.traceparent),
                deliveries=by_message[row.notification_id],
            )
            for row in rows
        ]

    async def failed(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[FailedDelivery]:
        """Read deliveries that were given up, the latest first."""
        where = [deliveries.c.state == DeliveryState.FAILED.value]
        if before is not None:
            where.append(tuple_(deliveries.c.finished_at, deliveries.c.delivery_id) < tuple_(*before))
        return await self._with_messages(where, limit)

    async def delivery(self, delivery_id: UUID) -> FailedDelivery | None:
        """Read one delivery."""
        found = await self._with_messages([deliveries.c.delivery_id == delivery_id], 1)
        return found[0] if found else None

    async def replay(self, delivery_id: UUID, now: datetime) -> str:
        """Make a failed delivery pending again; return why not, or nothing."""
        key = {"delivery_id": delivery_id}
        async with self._database.transaction() as connection:
            row = (await connection.execute(_JUDGE_REPLAY, key)).first()
            refusal = _refusal(row)
            if not refusal:
                await connection.execute(_REPLAY, {**key, "now": now})
                await connection.execute(_LIVE_AGAIN, {**key, "now": now})
                note = {"happened_at": now, "kind": "replayed", "provider": "", "detail": ""}
                await connection.execute(_NOTE, {**key, **note})
        return refusal

    async def take_receipt(
        self, providers: Sequence[str], provider_message_id: str, event: DeliveryEvent, *, dead: bool
    ) -> bool | None:
        """Keep a receipt of some provider's, once; `dead` suppresses the address. False where nothing is new, None
        where no message has this id."""
        names = {"providers": list(providers), "provider_message_id": provider_message_id}
        async with self._database.transaction() as connection:
            row = (await connection.execute(_OF_RECEIPT, names)).first()
            if row is None:
                return None
            known = {"delivery_id": row.delivery_id, "kind": event.kind}
            if await connection.scalar(_KNOWN_RECEIPT, known):
                return False
            note = {"happened_at": event.happened_at, "provider": row.provider, "detail": event.detail}
            await connection.execute(_NOTE, {**known, **note})
            if dead and row.account_id is not None:
                suppression = {"account_id": row.account_id, "channel": row.channel, "reason": event.detail}
                await connection.execute(_SUPPRESS, {**suppression, "provider": row.provider, "now": event.happened_at})
            if row.topic == postgres_codes.TOPIC and row.channel == Channel.SMS.value:
                await _tell_the_call(connection, row.notification_id, event)
        return True

    async def _with_messages(self, where: Sequence[Any], limit: int) -> Sequence[FailedDelivery]:
        statement = (
            select(deliveries, notifications.c.topic)
            .join(notifications, notifications.c.notification_id == deliveries.c.notification_id)
            .where(*where)
            .order_by(deliveries.c.finished_at.desc(), deliveries.c.delivery_id.desc())
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).all()
            events = await _events(connection, [row.delivery_id for row in rows])
        return [FailedDelivery(_story(row, events), row.notification_id, row.topic, row.account_id) for row in rows]


async def _tell_the_call(connection: AsyncConnection, notification_id: UUID, event: DeliveryEvent) -> None:
    """Call nobody whom the SMS with the code has reached, and at once whom it has not."""
    if event.kind == "delivered":
        await postgres_codes.call_off(connection, [notification_id], "acknowledged", event.happened_at)
    else:
        await postgres_codes.call_now(connection, notification_id, event.happened_at)


async def _events(connection: AsyncConnection, delivery_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DeliveryEvent]]:
    events: dict[UUID, list[DeliveryEvent]] = defaultdict(list)
    if delivery_ids:
        asked = {"delivery_ids": list(delivery_ids), "most": EVENTS_KEPT_SHOWN}
        for row in await connection.execute(_EVENTS, asked):
            events[row.delivery_id].append(DeliveryEvent(row.kind, row.happened_at, row.provider, row.detail))
    return events


def _refusal(row: Any) -> str:
    if row is None:
        return "delivery_not_found"
    if row.state != DeliveryState.FAILED.value:
        return "delivery_not_failed"
    if row.superseded:
        return "delivery_superseded"
    needs_words = row.channel not in (Channel.STREAM.value, Channel.INBOX.value)
    return "delivery_wiped" if row.target.startswith("…") or (needs_words and not row.contents) else ""


def _story(row: Any, events: Mapping[UUID, Sequence[DeliveryEvent]]) -> DeliveryStory:
    return DeliveryStory(
        delivery_id=row.delivery_id,
        channel=Channel(row.channel),
        state=DeliveryState(row.state),
        # A number that is still to be written to is nobody's to read.
        target=f"…{row.target[-2:]}" if row.target.startswith("+") else row.target,
        attempts=row.attempts,
        provider=row.provider,
        reason=row.error,
        unless_acknowledged=row.unless_acknowledged,
        next_attempt_at=row.next_attempt_at,
        finished_at=row.finished_at,
        events=events.get(row.delivery_id, ()),
    )


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
