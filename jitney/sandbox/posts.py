"""What the providers of push and mail were handed: kept for a week, read newest first."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

KEPT_SECONDS = 7 * 24 * 3600
PushProvider = Literal["fcm", "apns"]
Provider = Literal["fcm", "apns", "smtp"]


@dataclass(frozen=True, slots=True)
class Post:
    """One push or mail as it was handed over. `details` are the provider's own words (headers, data, HTML)."""

    cursor: int
    id: str
    provider: Provider
    recipient: str
    title: str
    text: str
    details: dict[str, Any]
    created_at: datetime


def keep(
    connection: sqlite3.Connection,
    *,
    identifier: str,
    provider: Provider,
    recipient: str,
    title: str,
    text: str,
    details: dict[str, Any],
    now: float,
) -> None:
    """Keep one."""
    connection.execute(
        "INSERT INTO post (id, provider, recipient, title, text, details, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (identifier, provider, recipient, title, text, json.dumps(details), now),
    )


def read_posts(
    connection: sqlite3.Connection, *, recipient: str | None = None, before: int | None = None, limit: int = 50
) -> list[Post]:
    """Read those to a token or an address, older than a cursor."""
    rows = connection.execute(
        """
        SELECT * FROM post
        WHERE (:recipient IS NULL OR recipient = :recipient) AND (:before IS NULL OR seq < :before)
        ORDER BY seq DESC LIMIT :limit
        """,
        {"recipient": recipient, "before": before, "limit": limit},
    )
    return [
        Post(
            cursor=row["seq"],
            id=row["id"],
            provider=row["provider"],
            recipient=row["recipient"],
            title=row["title"],
            text=row["text"],
            details=json.loads(row["details"]),
            created_at=datetime.fromtimestamp(row["created"], UTC),
        )
        for row in rows
    ]


def forget_old(connection: sqlite3.Connection, now: int, limit: int) -> None:
    """Drop those that are a week old, so many at a time."""
    connection.execute(
        "DELETE FROM post WHERE seq IN (SELECT seq FROM post WHERE created <= ? ORDER BY created LIMIT ?)",
        (now - KEPT_SECONDS, limit),
    )
