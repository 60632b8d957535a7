"""Places: how many calls a service works on at a time, by urgency. Who finds none is refused at once and asks again.

A call that is let in and waits behind thousands of others is answered when its caller has long given up; the work is
lost, and so is that of the next. Nothing waits here: what is worked on at a time is the queue, and it is short. The
last places are kept for what is more urgent, so trips go on while prices and lists are refused.
"""

from __future__ import annotations

import random

from chassis.metrics import RPC_SHED
from chassis.urgency import Urgency
from shared_kernel.errors import Unavailable

OVERLOADED = "overloaded"
"""The reason of the refusal."""
_SHARES = {Urgency.TRIP: 1.0, Urgency.USUAL: 0.75, Urgency.DEFERRABLE: 0.5}
_AGAIN_SECONDS = (1.0, 3.0)
"""When to ask again: not all at the same time."""


class Places:
    """The places of one server; used on its event loop alone."""

    def __init__(self, most: int, chance: random.Random | None = None) -> None:
        """Make so many places: all for calls of trips, three quarters for the usual, half for the deferrable."""
        self._limits = {urgency: max(1, int(most * share)) for urgency, share in _SHARES.items()}
        self._chance = chance or random.Random()  # noqa: S311 (spreads retries; no secret)
        self.taken = 0

    def take(self, urgency: Urgency) -> None:
        """Take a place; to be left with `leave`.

        Raises:
            Unavailable: `overloaded`; nothing was done.
        """
        if self.taken >= self._limits[urgency]:
            RPC_SHED.labels(urgency.name.lower()).inc()
            raise Unavailable(
                OVERLOADED,
                "there is more to do than can be done: ask again later",
                retry_after_seconds=self._chance.uniform(*_AGAIN_SECONDS),
            )
        self.taken += 1

    def leave(self) -> None:
        """Leave a place that was taken."""
        self.taken -= 1
