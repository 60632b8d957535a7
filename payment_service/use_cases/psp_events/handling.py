"""What a handler of the PSP's events is, and what it says of an event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from payment_service.domain.psp_event import PspEvent


@dataclass(frozen=True, slots=True)
class Applied:
    """What the PSP shows is what is written here, now or already."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """The PSP did not answer, or an operation is under way: to be tried again, and parked after `MAX_TRIES`."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Nothing here belongs to the object: to be tried again, and parked after `MAX_TRIES`."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """What the PSP shows contradicts what is written here: for an operator, at once."""

    detail: str


Handled = Applied | NotYet | Unmatched | Stuck


class PspEventHandler(Protocol):
    """Takes in the events of a subject. Called with no transaction open; it makes its own.

    All that came of one object is given at once, in no order: one look at the object answers them all.

    What it raises counts as a try: a DomainError by its reason, anything else by its class.
    """

    async def __call__(self, events: Sequence[PspEvent]) -> Handled: ...


async def look_twice(look: Callable[[], Awaitable[Handled]]) -> Handled:
    """Look, and before a contradiction is believed, once more.

    The PSP is asked with nothing locked, so that what it showed may be older than what was written here meanwhile. The
    second look begins after that was.
    """
    handled = await look()
    return await look() if isinstance(handled, Stuck) else handled


PspEventHandlers = Mapping[str, PspEventHandler]
"""Handlers by the beginning of the types that they take: `charge.dispute.`, `refund.`; the longest that fits counts."""


def handler_of(handlers: PspEventHandlers, event_type: str) -> PspEventHandler | None:
    """Return who takes events of a type, None where nobody does."""
    fitting = [beginning for beginning in handlers if event_type.startswith(beginning)]
    return handlers[max(fitting, key=len)] if fitting else None
