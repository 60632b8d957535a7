"""What planning has to know of people, from Postgres: how they are reached, and what marketing they had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notification_service.domain.channels import Channel
from notification_service.domain.planning import Reader
from notification_service.domain.preferences import QuietHours, Subject

_READERS = text("""
    SELECT a.account_id, r.locale, q.time_zone, q.begins_at, q.ends_at,
           ARRAY(SELECT device_id FROM device d WHERE d.account_id = a.account_id AND d.removed_at IS NULL
                 ORDER BY d.seen_at DESC) AS device_ids,
           ARRAY(SELECT p.subject || ':' || p.channel FROM preference p
                 WHERE p.account_id = a.account_id AND NOT p.wanted) AS unwanted,
           ARRAY(SELECT s.channel FROM suppression s WHERE s.account_id = a.account_id) AS suppressed
    FROM unnest(CAST(:account_ids AS uuid[])) AS a(account_id)
    LEFT JOIN recipient r USING (account_id)
    LEFT JOIN quiet_hours q USING (account_id)
""")

# Who plans marketing for the same people takes turns, in one order: who comes second sees what the first one stored. A
# statement of its own, since one sees nothing that was stored after it began.
_TURNS_OF_MARKETING = text("""
    SELECT count(pg_advisory_xact_lock(person))
    FROM (SELECT DISTINCT hashtextextended('marketing ' || account_id, 0) AS person
          FROM unnest(CAST(:account_ids AS uuid[])) AS a(account_id) ORDER BY person) AS people
""")
_MARKETED = text("""
    SELECT n.account_id, n.marketing_on
    FROM unnest(CAST(:account_ids AS uuid[]), CAST(:days AS date[])) AS asked(account_id, marketing_on)
    JOIN notification n ON n.account_id = asked.account_id AND n.marketing_on = asked.marketing_on
""")


async def readers(connection: AsyncConnection, account_ids: Sequence[UUID]) -> Mapping[UUID, Reader]:
    """Return what is known of people, as far as it decides how they are reached."""
    rows = await connection.execute(_READERS, {"account_ids": list(account_ids)})
    return {row.account_id: _reader(row) for row in rows}


async def marketed(connection: AsyncConnection, days: Sequence[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
    """Return which people had a marketing message on which of these days of theirs; others wait to plan one for them
    until the transaction ends."""
    people = {"account_ids": [account_id for account_id, _ in days]}
    await connection.execute(_TURNS_OF_MARKETING, people)
    parameters = {**people, "days": [day for _, day in days]}
    rows = await connection.execute(_MARKETED, parameters)
    return {(row.account_id, row.marketing_on) for row in rows}


def _reader(row: Any) -> Reader:
    return Reader(
        device_ids=row.device_ids,
        unwanted=frozenset(
            (Subject(subject), Channel(channel))
            for subject, _, channel in (pair.partition(":") for pair in row.unwanted)
        ),
        quiet_hours=QuietHours(row.time_zone, row.begins_at, row.ends_at) if row.time_zone else None,
        suppressed=frozenset(Channel(channel) for channel in row.suppressed),
        locale=row.locale or "en",
    )
