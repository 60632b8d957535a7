"""A notification as its reader sees it in the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A message with words, owed to an account."""

    notification_id: UUID
    topic: str
    title: str
    body: str
    ride_id: UUID | None
    created_at: datetime
    read_at: datetime | None
