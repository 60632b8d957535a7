"""The form of live events on the wire: server-sent events."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.live_entries import EntryId, LiveEvent, write_entry_id
from chassis.live_subscription import Ending, Sign

HEARTBEAT = b": \n\n"


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
_ENDS = {Ending.SUPERSEDED: SUPERSEDED, Ending.SLOW: RESYNC}


def frames_of(items: Iterable[LiveEvent | Sign]) -> bytes:
    """Write what waited for a connection, in one piece."""
    return b"".join(RESYNC if isinstance(item, Sign) else frame(item.type, item.data, item.id) for item in items)


def end_frame(ending: Ending | None) -> bytes:
    """Write what a client is told at the end of its stream; nothing where it just comes back."""
    return _ENDS.get(ending, b"") if ending is not None else b""
