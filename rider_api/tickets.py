"""Stream tickets: what a browser opens its live stream with, so that no token ever stands in a URL.

A ticket is 32 random bytes, good once, for 60 seconds. Redis keeps its SHA-256 alone: who reads Redis cannot use one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
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
    return json.dumps({"subject": actor.subject, "role": actor.role.value, "token_id": actor.token_id})


def actor_of_ticket(value: bytes) -> Actor:
    """Read whom a ticket stands for."""
    document = cast("dict[str, str]", json.loads(value))
    return Actor(Role(document["role"]), document["subject"], document["token_id"], "stream_ticket")
