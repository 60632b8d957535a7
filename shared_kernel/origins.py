"""Where work comes from: what made it owed. Its trace is for telemetry alone: nothing may be decided by it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """What made something owed: the trace that its telemetry goes on with (opaque, may be empty), and when it was."""

    trace: str = ""
    happened_at: datetime | None = None


NOWHERE = Origin()

Follow = Callable[[str, str], AbstractContextManager[object]]
"""`follow(trace, step)`: a block that is shown as a step of a trace; where the trace is empty, of what is going on."""


def follow_nothing(trace: str, step: str) -> AbstractContextManager[object]:
    """Show nothing: what use cases do where nobody watches."""
    del trace, step
    return nullcontext()
