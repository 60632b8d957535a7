"""Reading what the providers of SMS and calls were handed: newest first, with the one-time code of a text set apart."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_PAGE = 200
_CODE = re.compile(r"(?<![\d.,+])\d{4,8}(?![\d.,]*\d)")
_SPELLED_CODE = re.compile(r"\d(?:, \d){3,7}")


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS as it was handed over."""

    cursor: int
    sid: str
    recipient: str
    sender: str
    text: str
    created_at: datetime

    @property
    def code(self) -> str | None:
        """The one-time code in the text: its first run of four to eight digits, if any."""
        match = _CODE.search(self.text)
        return match[0] if match else None


@dataclass(frozen=True, slots=True)
class Call:
    """One call, with what it said and how it ended."""

    cursor: int
    sid: str
    recipient: str
    sender: str
    language: str
    text: str
    status: str
    created_at: datetime

    @property
    def code(self) -> str | None:
        """The one-time code that was said digit by digit, if any."""
        match = _SPELLED_CODE.search(self.text)
        return match[0].replace(", ", "") if match else None


def read_messages(
    connection: sqlite3.Connection,
    *,
    recipient: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Message]:
    """Read messages to a number, made at or after a time, older than a cursor."""
    rows = connection.execute(
        """
        SELECT * FROM message
        WHERE (:recipient IS NULL OR recipient = :recipient) AND (:since IS NULL OR created >= :since)
          AND (:before IS NULL OR seq < :before)
        ORDER BY seq DESC LIMIT :limit
        """
        if recipient is None
        # The same with an equality that the index on the recipient serves.
        else """
        SELECT * FROM message
        WHERE recipient = :recipient AND (:since IS NULL OR created >= :since) AND (:before IS NULL OR seq < :before)
        ORDER BY seq DESC LIMIT :limit
        """,
        {"recipient": recipient, "since": since.timestamp() if since else None, "before": before, "limit": limit},
    )
    return [
        Message(
            cursor=row["seq"],
            sid=row["sid"],
            recipient=row["recipient"],
            sender=row["sender"],
            text=row["text"],
            created_at=datetime.fromtimestamp(row["created"], UTC),
        )
        for row in rows
    ]


def read_calls(
    connection: sqlite3.Connection, *, recipient: str | None = None, before: int | None = None, limit: int = 50
) -> list[Call]:
    """Read calls to a number, older than a cursor."""
    rows = connection.execute(
        """
        SELECT * FROM call
        WHERE (:recipient IS NULL OR recipient = :recipient) AND (:before IS NULL OR seq < :before)
        ORDER BY seq DESC LIMIT :limit
        """,
        {"recipient": recipient, "before": before, "limit": limit},
    )
    return [
        Call(
            cursor=row["seq"],
            sid=row["sid"],
            recipient=row["recipient"],
            sender=row["sender"],
            language=row["language"],
            text=row["text"],
            status=row["status"],
            created_at=datetime.fromtimestamp(row["created"], UTC),
        )
        for row in rows
    ]
