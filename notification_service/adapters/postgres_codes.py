"""One-time codes in Postgres: owed once, called off when they are not needed, and readable no longer than they must be.

A code to a phone has two deliveries: the SMS, and the call that follows unless the SMS arrives or the code is used. The
call's row is its own timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.telemetry import current_traceparent
from notification_service.adapters.postgres_owing import contents_of
from notification_service.adapters.tables import deliveries, notifications
from notification_service.domain.channels import Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.use_cases.ports import OwedCode
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource

TOPIC = "one_time_code"

# What a code said is nobody's business once no delivery that says it is left to be sent.
WIPE_WORDS = text("""
    UPDATE notification n
    SET contents = coalesce(
        (SELECT jsonb_object_agg(words.key, words.value) FROM jsonb_each(n.contents) AS words
         WHERE words.key IN (
             SELECT d.channel FROM delivery d WHERE d.notification_id = n.notification_id AND d.state = 'pending')),
        '{}')
    WHERE n.notification_id = ANY(:notification_ids) AND n.topic = 'one_time_code' AND n.contents <> '{}'
""")

# What waits for a sign that the rest has arrived goes at once where nothing of the rest can arrive any more.
BRING_FORWARD = text("""
    UPDATE delivery d SET next_attempt_at = :now
    WHERE d.notification_id = ANY(:notification_ids) AND d.state = 'pending' AND d.unless_acknowledged
      AND d.attempts = 0 AND d.next_attempt_at > :now
      AND NOT EXISTS (
          SELECT FROM delivery other
          WHERE other.notification_id = d.notification_id AND NOT other.unless_acknowledged
            AND other.state IN ('pending', 'sent'))
""")

_CALL_NOW = text("""
    UPDATE delivery SET next_attempt_at = :now
    WHERE notification_id = :notification_id AND channel = 'voice' AND state = 'pending' AND attempts = 0
      AND next_attempt_at > :now
""")

# Few are pending at a time: those of codes younger than half a minute.
_CALLS_TO = text("""
    SELECT notification_id FROM delivery WHERE channel = 'voice' AND state = 'pending' AND target = :target
""")

# One that a worker has in hand, or tries again, finds out by itself, from the notification.
_ACKNOWLEDGE = text("""
    UPDATE notification SET acknowledged_at = coalesce(acknowledged_at, :now)
    WHERE notification_id = ANY(:notification_ids)
""")
_CALL_OFF = text("""
    UPDATE delivery SET state = 'dropped', error = :because, finished_at = :now, target = '…' || right(target, 2)
    WHERE notification_id = ANY(:notification_ids) AND channel = 'voice' AND state = 'pending' AND attempts = 0
""")


async def owe_code(connection: AsyncConnection, code: OwedCode, new_id: IdSource) -> UUID:
    """Store a code's message, and call off the calls with older codes to its target; for a known key return the first
    one's id, or refuse other contents.

    Raises:
        Conflict: `idempotency_key_reused`.
    """
    inserted = await connection.scalar(
        insert(notifications)
        .values(
            notification_id=code.notification_id,
            dedupe_key=code.dedupe_key,
            fingerprint=code.fingerprint,
            topic=TOPIC,
            priority=Priority.SECURITY.value,
            in_inbox=False,
            title="",
            body="",
            contents=contents_of(code.contents),
            locale=code.locale,
            template=TOPIC,
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
        return await _known(connection, code)
    older = (await connection.execute(_CALLS_TO, {"target": code.target})).scalars().all()
    if older:
        await call_off(connection, older, "superseded", code.created_at)
    await connection.execute(
        insert(deliveries),
        [
            {
                "delivery_id": new_id(),
                "notification_id": code.notification_id,
                "channel": leg.channel.value,
                "target": code.target,
                "state": DeliveryState.PENDING.value,
                "priority": Priority.SECURITY.value,
                "next_attempt_at": code.created_at + (leg.unless_acknowledged_within or timedelta()),
                "unless_acknowledged": leg.unless_acknowledged_within is not None,
            }
            for leg in code.legs
        ],
    )
    return code.notification_id


async def close_code(connection: AsyncConnection, dedupe_key: str, now: datetime) -> None:
    """Note that a code is not needed any more; one that is not known, or not called for, is left as it is."""
    statement = select(notifications.c.notification_id).where(
        notifications.c.dedupe_key == dedupe_key, notifications.c.topic == TOPIC
    )
    notification_id = await connection.scalar(statement)
    if notification_id is not None:
        await call_off(connection, [notification_id], "acknowledged", now)


async def call_off(connection: AsyncConnection, notification_ids: Sequence[UUID], because: str, now: datetime) -> None:
    """Let no call follow, and forget what it was to say."""
    ids = {"notification_ids": list(notification_ids)}
    await connection.execute(_ACKNOWLEDGE, {**ids, "now": now})
    await connection.execute(_CALL_OFF, {**ids, "because": because, "now": now})
    await connection.execute(WIPE_WORDS, ids)


async def call_now(connection: AsyncConnection, notification_id: UUID, now: datetime) -> None:
    """Let the call follow at once: the SMS has not arrived, and will not."""
    await connection.execute(_CALL_NOW, {"notification_id": notification_id, "now": now})


async def _known(connection: AsyncConnection, code: OwedCode) -> UUID:
    statement = select(notifications.c.notification_id, notifications.c.fingerprint)
    first = (await connection.execute(statement.where(notifications.c.dedupe_key == code.dedupe_key))).one()
    if first.fingerprint != code.fingerprint:
        raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
    return first.notification_id
