"""Stream tickets: what a browser opens its live stream with, so that no token ever stands in a URL.

A ticket is 32 random bytes, good once, for 60 seconds. Redis keeps its SHA-256 alone: who reads Redis cannot use one.
The stream that it opens lasts no longer than the token that it was made with.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime
from typing import cast

from chassis.auth import Actor, Role

TICKET_LIFETIME_SECONDS = 60
_MAX_TICKET_LENGTH = 64


def new_ticket() -> str:
    """Make a ticket."""
    return secrets.token_urlsafe(32)


def ticket_key(ticket: str) -> str:
    """Return the Redis key a ticket is kept under."""
    return f"stream_ticket:{hashlib.sha256(ticket[:_MAX_TICKET_LENGTH].encode()).hexdigest()}"


def ticket_value(actor: Actor) -> str:
    """Write whom a ticket stands for."""
    document = {"subject": actor.subject, "role": actor.role.value, "token_id": actor.token_id}
    if actor.ends_at is not None:
        document["ends_at"] = actor.ends_at.isoformat()
    return json.dumps(document)


def actor_of_ticket(value: bytes) -> Actor:
    """Read whom a ticket stands for."""
    document = cast("dict[str, str]", json.loads(value))
    ends_at = datetime.fromisoformat(document["ends_at"]) if "ends_at" in document else None
    return Actor(Role(document["role"]), document["subject"], document["token_id"], "stream_ticket", ends_at=ends_at)
