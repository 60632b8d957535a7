"""Deadlines travel with the call: what is left of the caller's time bounds every call made on its behalf."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

DEFAULT_CALL_SECONDS = 5.0
MARGIN_SECONDS = 0.05
"""Kept back from a passed-on deadline, so that the answer still reaches the caller before its own deadline."""
_LEAST_SECONDS = 0.001

# On the monotonic clock: wall time may jump. Not the injected clock: simulated time does not bound a socket.
_deadline: ContextVar[float | None] = ContextVar("chassis_deadline", default=None)


def set_deadline(remaining_seconds: float | None) -> None:
    """Set how long the rest of this task may take; None lifts the bound."""
    _deadline.set(None if remaining_seconds is None else time.monotonic() + remaining_seconds)


@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """Bound the calls made within a block (an HTTP request, a worker's step); never beyond a bound set before."""
    outer = _deadline.get()
    mine = time.monotonic() + seconds
    token = _deadline.set(mine if outer is None else min(outer, mine))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float | None:
    """Return how long the current call may still take (may be negative); None where nothing bounds it."""
    at = _deadline.get()
    return None if at is None else at - time.monotonic()


def call_timeout(wanted_seconds: float | None, *, default: float | None = DEFAULT_CALL_SECONDS) -> float | None:
    """Return the time-out of a call made now: what is wanted (else the default), within what is left minus a margin."""
    timeout = default if wanted_seconds is None else wanted_seconds
    remaining = remaining_seconds()
    if remaining is not None:
        bound = max(_LEAST_SECONDS, remaining - MARGIN_SECONDS)
        timeout = bound if timeout is None else min(timeout, bound)
    return timeout
