"""What a rider's app knows of the ride: from what it read, and from what the live stream said since."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from jitney_client.models import RiderRide

_ARRIVED_STATES = frozenset({"arrived", "in_progress", "returning"})


class RideView:
    """One ride. Events carry what an app shows of each step; it is read anew only `in_doubt`."""

    def __init__(self, ride: RiderRide) -> None:
        self._ride_id = ride["id"]
        self._version = 0
        self._changed = asyncio.Event()
        self.state = ""
        self.start_pin: str | None = None
        self.hand_over_pin: str | None = None
        self.has_arrived = False
        self.in_doubt = False
        self.know(ride)

    def know(self, ride: RiderRide) -> None:
        """Take in the ride as it was read."""
        self.in_doubt = False
        if ride["version"] < self._version:
            # An event was quicker than this answer.
            return
        delivery = ride["delivery"]
        pin = delivery["hand_over_pin"] if delivery is not None else None
        self._take(ride["version"], ride["state"], ride["start_pin"], pin)
        self.has_arrived |= ride["arrived_at"] is not None

    def hear(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take in an event of the live stream."""
        if kind == "resync":
            self.in_doubt = True
            self._changed.set()
        elif kind == "ride_updated" and data["ride_id"] == self._ride_id and data["version"] > self._version:
            self._take(data["version"], data["state"], data.get("start_pin"), data.get("hand_over_pin"))
            self._changed.set()

    async def changed_within(self, seconds: float) -> bool:
        """Wait for news; False if there were none in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def _take(self, version: int, state: str, start_pin: str | None, hand_over_pin: str | None) -> None:
        self._version, self.state = version, state
        self.start_pin = start_pin or self.start_pin
        self.hand_over_pin = hand_over_pin or self.hand_over_pin
        self.has_arrived = self.has_arrived or state in _ARRIVED_STATES
