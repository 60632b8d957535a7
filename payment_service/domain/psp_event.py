"""What the PSP tells by itself: that an object changed. What it changed to, the object is asked.

received ──> applied | ignored
   │  ▲
   │  └── replayed by an operator ── parked
   ├──about nothing known here──> unmatched ──> applied | parked
   └──tried too often, or in contradiction──> parked
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PspEventState(StrEnum):
    """See the drawing above."""

    RECEIVED = "received"
    UNMATCHED = "unmatched"
    APPLIED = "applied"
    IGNORED = "ignored"
    PARKED = "parked"


TRANSITIONS: frozenset[tuple[str, PspEventState]] = frozenset(
    {
        ("new", PspEventState.RECEIVED),
        ("new", PspEventState.IGNORED),
        (PspEventState.RECEIVED, PspEventState.UNMATCHED),
        (PspEventState.RECEIVED, PspEventState.APPLIED),
        (PspEventState.RECEIVED, PspEventState.PARKED),
        (PspEventState.UNMATCHED, PspEventState.RECEIVED),
        (PspEventState.UNMATCHED, PspEventState.APPLIED),
        (PspEventState.UNMATCHED, PspEventState.PARKED),
        (PspEventState.PARKED, PspEventState.RECEIVED),
    }
)
"""All legal moves. The database holds the same table (`psp_event_transition`) and refuses every other move."""


@dataclass(frozen=True, slots=True)
class PspEvent:
    """One event.

    `object_id` is what it is about, `psp_payment_id` the payment that belongs to it and `operation_id` the operation
    that caused it, as far as the event tells: hints, no more. `account_id` is a connected account's name, or empty.
    """

    id: str
    type: str
    object_id: str
    psp_payment_id: str
    operation_id: UUID | None
    account_id: str
    payload: bytes
    received_at: datetime
    state: PspEventState = PspEventState.RECEIVED
    tries: int = 0
    detail: str = ""


MAX_TRIES = 14
"""After which an event is parked: some two hours after it came."""
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 1800.0


def retry_event_after_seconds(tries: int) -> float:
    """Return how long an event rests after so many tries: 1 s, doubling up to half an hour."""
    return min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2.0 ** min(tries - 1, 20))
