"""Notifications that were seen, in Postgres, and the deliveries that are not needed any more for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Locked in one order, so that two who acknowledge the same ones wait for each other instead of deadlocking.
_ACKNOWLEDGE = text("""
    WITH seen AS MATERIALIZED (
        SELECT n.notification_id
        FROM notification n
        JOIN unnest(CAST(:account_ids AS uuid[]), CAST(:notification_ids AS uuid[]))
            AS told(account_id, notification_id) USING (account_id, notification_id)
        ORDER BY n.notification_id FOR NO KEY UPDATE OF n)
    UPDATE notification SET acknowledged_at = coalesce(acknowledged_at, :now)
    FROM seen WHERE notification.notification_id = seen.notification_id
    RETURNING notification.notification_id, acknowledged_at
""")
# One that a worker has just claimed finds out by itself, from the notification.
_CALL_OFF = text("""
    UPDATE delivery SET state = 'dropped', error = 'acknowledged', finished_at = :now
    WHERE notification_id = ANY(CAST(:notification_ids AS uuid[]))
      AND state = 'pending' AND unless_acknowledged AND attempts = 0
""")


async def acknowledge(
    connection: AsyncConnection, pairs: Sequence[tuple[UUID, UUID]], now: datetime
) -> Mapping[UUID, datetime]:
    """Note that notifications were seen, once, and drop what was to follow otherwise.

    `pairs` are accounts with notifications of theirs; those that are not theirs are left out of the answer, which tells
    when each was first acknowledged.
    """
    told = {"account_ids": [account_id for account_id, _ in pairs], "notification_ids": [each for _, each in pairs]}
    rows = (await connection.execute(_ACKNOWLEDGE, {**told, "now": now})).all()
    if rows:
        ids = [row.notification_id for row in rows]
        await connection.execute(_CALL_OFF, {"notification_ids": ids, "now": now})
    return {row.notification_id: row.acknowledged_at for row in rows}
