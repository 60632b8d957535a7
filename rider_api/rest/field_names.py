"""The contracts' field names in the words of the public API: a client finds a refused field in its own request."""

from __future__ import annotations

import re

from shared_kernel.errors import FieldViolation

# A place is flat in JSON; in the contracts it holds a point.
_POINT = re.compile(r"(^|\.)point(?:\.|$)")
_PART = re.compile(r"[a-z_]+")
_PUBLIC = {
    "request_id": "Idempotency-Key",
    "pings": "locations",
    "measure_time": "measured_at",
    "pickup_time": "pickup_at",
    "start_pin": "pin",
    "page_size": "limit",
    "page_token": "cursor",
    "since_time": "since",
    "states": "state",
}


def in_public_words(violations: tuple[FieldViolation, ...]) -> tuple[FieldViolation, ...]:
    """Rename refused fields: `pickup.point.latitude` → `pickup.latitude`, `pings[3].measure_time` → `locations[3]…`."""
    return tuple(FieldViolation(_public(item.field), item.description) for item in violations)


def _public(path: str) -> str:
    flat = _POINT.sub(r"\1", path).removesuffix(".")
    return _PART.sub(lambda part: _PUBLIC.get(part.group(), part.group()), flat)
