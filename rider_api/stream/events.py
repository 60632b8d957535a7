"""Entries of a person's live stream in Redis, their order, and their form on the wire (server-sent events)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

EntryId = tuple[int, int]
"""Redis' own id of a stream entry: milliseconds and a number; they only ever grow."""

START: EntryId = (0, 0)
KEPT_ENTRIES = 500
"""How many entries notification_service keeps of a stream, at least."""
_ENTRY_ID_FORM = re.compile(r"\d{1,19}-\d{1,19}")
HEARTBEAT = b": \n\n"


def stream_key(account: str) -> str:
    """Return the key of an account's live stream; the account is a UUID in text."""
    return f"live:{account}"


def read_entry_id(text: str) -> EntryId | None:
    """Read an id as clients send it back; None for anything else."""
    if not _ENTRY_ID_FORM.fullmatch(text):
        return None
    millis, number = text.split("-")
    return int(millis), int(number)


def write_entry_id(entry_id: EntryId) -> str:
    """Write an id as Redis does."""
    return f"{entry_id[0]}-{entry_id[1]}"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One entry: what happened, as JSON, until when it matters, when it happened, and the trace it goes on with."""

    id: EntryId
    type: str
    data: str
    expires_at: datetime | None
    happened_at: datetime | None = None
    traceparent: str = ""

    def matters(self, now: datetime) -> bool:
        """Tell whether it still has a meaning (an offer's end may have passed)."""
        return self.expires_at is None or now < self.expires_at


def live_events(entries: object) -> list[LiveEvent]:
    """Read entries as redis-py returns them; one that is not well formed is left out, its id is passed over."""
    events: list[LiveEvent] = []
    for raw_id, fields in cast("Sequence[tuple[bytes, Mapping[bytes, bytes] | None]]", entries):
        entry_id = read_entry_id(raw_id.decode())
        if entry_id is None or not fields:
            continue
        try:
            expires_at, happened_at = _moment(fields.get(b"expires_at")), _moment(fields.get(b"happened_at"))
            event = LiveEvent(
                id=entry_id,
                type=fields[b"type"].decode(),
                data=fields[b"data"].decode(),
                expires_at=expires_at,
                happened_at=happened_at,
                traceparent=fields.get(b"traceparent", b"").decode(),
            )
        except (KeyError, ValueError):
            continue
        # A time without an offset cannot be compared; the form asks for one.
        if all(moment is None or moment.tzinfo is not None for moment in (expires_at, happened_at)):
            events.append(event)
    return events


def _moment(text: bytes | None) -> datetime | None:
    return datetime.fromisoformat(text.decode()) if text else None


def frame(event_type: str, data: str, entry_id: EntryId | None = None) -> bytes:
    """Write one server-sent event; without an id the client's Last-Event-ID stays what it was."""
    lines = [f"id: {write_entry_id(entry_id)}"] if entry_id is not None else []
    lines.append(f"event: {' '.join(event_type.split())}")
    lines.extend(f"data: {line}" for line in data.splitlines() or [""])
    return ("\n".join(lines) + "\n\n").encode()


def versioned_frame(event_type: str, data: str, version: int) -> bytes:
    """Write one server-sent event whose id is a version."""
    return f"id: {version}\nevent: {event_type}\ndata: {data}\n\n".encode()


RESYNC = frame("resync", "{}")
SUPERSEDED = frame("superseded", "{}")
