"""What was to arrive, what arrived, and the comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import httpx
from google.protobuf.message import Message
from redis.asyncio import Redis
from sqlalchemy import text

from chassis.database import Database
from chassis.live_entries import stream_key
from chassis.redis_client import awaited
from notification_service.domain.channels import Channel
from notification_service.domain.messages import messages_for
from notification_service.entrypoints.facts import fact_from
from tests.integration.notification.events import aggregate_of

STALE = frozenset({"superseded", "collapsed", "acknowledged"})
"""Reasons of deliveries that a later one or their reader made needless; any other is a loss."""


@dataclass(frozen=True, slots=True)
class Due:
    """One message that an event owes."""

    account_id: UUID
    event_id: UUID
    in_inbox: bool


def owed_by(event_id: UUID, message: Message) -> list[Due]:
    """Return what an event owes, as the service's own rules say."""
    fact = fact_from(message, aggregate_of(message)[1])
    if fact is None:
        return []
    return [
        Due(owed.account_id, event_id, Channel.INBOX in owed.channels)
        for owed in messages_for(fact)
        if owed.account_id is not None
    ]


@dataclass
class Verdict:
    """What the comparison found."""

    events: int = 0
    deliveries: int = 0
    lost: list[str] = field(default_factory=list[str])
    out_of_order: list[str] = field(default_factory=list[str])
    twice_in_an_inbox: list[str] = field(default_factory=list[str])
    sent: int = 0
    duplicates: int = 0
    texts: int = 0
    text_duplicates: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])

    @property
    def duplicate_share(self) -> float:
        """Of all that reached a live stream or a phone."""
        return (self.duplicates + self.text_duplicates) / max(1, self.sent + self.texts)

    @property
    def well(self) -> bool:
        """Whether all was as it must be."""
        return not (self.lost or self.out_of_order or self.twice_in_an_inbox) and self.duplicate_share < 0.01


async def compare(
    owed: Sequence[Due], codes: Mapping[str, str], database: Database, redis: Redis, sandbox_url: str
) -> Verdict:
    """Look at the inboxes, the live streams and the SMS sink; `codes` are the numbers by code."""
    verdict = Verdict(events=len({due.event_id for due in owed}), deliveries=len(owed) + len(codes))
    rows = await _rows(database)
    _look_for_lost(owed, rows, verdict)
    await _look_at_streams(owed, rows, redis, verdict)
    await _look_at_inboxes(database, verdict)
    await _look_at_texts(codes, sandbox_url, verdict)
    return verdict


async def _rows(database: Database) -> Mapping[str, Any]:
    """Return the stream deliveries by dedupe key."""
    statement = text(
        "SELECT n.dedupe_key, n.notification_id, n.ride_id, n.ride_version, n.in_inbox, d.state, d.error "
        "FROM notification n JOIN delivery d USING (notification_id) WHERE d.channel = 'stream'"
    )
    async with database.connect() as connection:
        return {row.dedupe_key: row for row in await connection.execute(statement)}


def _look_for_lost(owed: Sequence[Due], rows: Mapping[str, Any], verdict: Verdict) -> None:
    for due in owed:
        row = rows.get(f"{due.event_id}:{due.account_id}")
        if row is None:
            verdict.lost.append(f"{due} was never owed")
        elif row.in_inbox != due.in_inbox:
            verdict.lost.append(f"{due} is not in the inbox")
        elif row.state == "dropped":
            verdict.dropped[row.error] += 1
            if row.error not in STALE:
                verdict.lost.append(f"{due} was dropped: {row.error}")
        elif row.state != "sent":
            verdict.lost.append(f"{due} is {row.state}: {row.error}")


async def _look_at_streams(owed: Sequence[Due], rows: Mapping[str, Any], redis: Redis, verdict: Verdict) -> None:
    by_id = {str(row.notification_id): row for row in rows.values()}
    for account_id in sorted({due.account_id for due in owed}):
        seen: set[str] = set()
        newest: dict[UUID, int] = defaultdict(int)
        entries = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            await awaited(cast("Any", redis.xrange(stream_key(str(account_id))))),
        )
        for _, fields in entries:
            notification_id = fields[b"id"].decode()
            verdict.sent += 1
            verdict.duplicates += notification_id in seen
            seen.add(notification_id)
            row = by_id[notification_id]
            if row.ride_version:
                if row.ride_version < newest[row.ride_id]:
                    verdict.out_of_order.append(f"{account_id}: {row.ride_version} after {newest[row.ride_id]}")
                newest[row.ride_id] = max(newest[row.ride_id], row.ride_version)
        sent = {
            str(row.notification_id)
            for key, row in rows.items()
            if key.endswith(str(account_id)) and row.state == "sent"
        }
        verdict.lost += [f"{account_id}: {each} is said to be sent and is not there" for each in sent - seen]


async def _look_at_inboxes(database: Database, verdict: Verdict) -> None:
    statement = text(
        "SELECT account_id, topic, ride_id, body, count(*) AS times FROM notification WHERE in_inbox "
        "GROUP BY account_id, topic, ride_id, body HAVING count(*) > 1"
    )
    async with database.connect() as connection:
        verdict.twice_in_an_inbox += [str(tuple(row)) for row in await connection.execute(statement)]


async def _look_at_texts(codes: Mapping[str, str], sandbox_url: str, verdict: Verdict) -> None:
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=20) as client:
        for code, number in codes.items():
            answer = (await client.get("/_sim/messages", params={"to": number})).json()
            times = sum(message["code"] == code for message in answer["messages"])
            if times == 0:
                verdict.lost.append(f"the code to {number} did not arrive")
            verdict.texts += times
            verdict.text_duplicates += max(0, times - 1)
