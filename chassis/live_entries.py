"""Entries of a person's live stream in Redis: notification_service writes them, whoever serves streams reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zlib import crc32

EntryId = tuple[int, int]
"""Redis' own id of a stream entry: milliseconds and a number; they only ever grow."""

START: EntryId = (0, 0)
KEPT_ENTRIES = 500
"""How many entries are kept of a stream, at least."""
KEPT_SECONDS = 86_400
"""How long a stream is kept after its last entry."""
_ENTRY_ID_FORM = re.compile(r"\d{1,19}-\d{1,19}")


STRANDS = 32
"""Into how many slots of a Redis Cluster the streams are spread: one read takes streams of one slot alone."""


def strand_of(account: str) -> int:
    """Return the strand of an account, the same everywhere."""
    return crc32(account.encode()) % STRANDS


def stream_key(account: str) -> str:
    """Return the key of an account's live stream; the account is a UUID in text.

    The braces put all streams of a strand into one slot.
    """
    return f"live:{{{strand_of(account)}}}:{account}"


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
    """One entry: what happened, as JSON, until when it matters, when it happened, the trace it goes on with, and the
    notification that it tells (a UUID in text)."""

    id: EntryId
    type: str
    data: str
    expires_at: datetime | None
    happened_at: datetime | None = None
    traceparent: str = ""
    notification_id: str = ""

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
                notification_id=fields.get(b"id", b"").decode(),
            )
        except (KeyError, ValueError):
            continue
        # A time without an offset cannot be compared; the form asks for one.
        if all(moment is None or moment.tzinfo is not None for moment in (expires_at, happened_at)):
            events.append(event)
    return events


def _moment(text: bytes | None) -> datetime | None:
    return datetime.fromisoformat(text.decode()) if text else None


def first_id(entries: object) -> EntryId:
    """Return the id of the first of some entries as redis-py returns them; the start where there is none."""
    rows = cast("Sequence[tuple[bytes, object]]", entries)
    return (read_entry_id(rows[0][0].decode()) or START) if rows else START


def streams_of(answer: object) -> list[tuple[bytes, Sequence[object]]]:
    """Return the streams of an answer to XREAD, which is a list by RESP 2 and a mapping of lists of lists by RESP 3."""
    if isinstance(answer, Mapping):
        mapping = cast("Mapping[bytes, Sequence[Sequence[object]]]", answer)
        return [(key, [entry for part in parts for entry in part]) for key, parts in mapping.items()]
    return list(cast("Sequence[tuple[bytes, Sequence[object]]]", answer or ()))
