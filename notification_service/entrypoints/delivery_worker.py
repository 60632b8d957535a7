"""The workers of the lanes: woken when something is owed, with one slow look at all of them behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chassis.runtime import Wakeup
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.lanes import Lane
from notification_service.use_cases.ports import Deliveries
from shared_kernel.clock import Clock

POLL_SECONDS = 1.0
_LONG_SECONDS = 3_600.0


class Alarms:
    """Wakes the worker of a lane. What has a time to come, a retry or an escalation, is found by the look each second:
    one question for all lanes, so that idle lanes cost nothing."""

    def __init__(self, lanes: Sequence[Lane], deliveries: Deliveries, clock: Clock) -> None:
        self._lanes = lanes
        self._deliveries = deliveries
        self._clock = clock
        self._wakeups = {(lane.channel, lane.priority): Wakeup() for lane in lanes}

    def wake(self, channel: Channel, priority: Priority) -> None:
        """Say that something was owed in a lane."""
        wakeup = self._wakeups.get((channel, priority))
        if wakeup is not None:
            wakeup.wake()

    async def wait(self, lane: Lane) -> None:
        """Wait until something may be due in a lane."""
        await self._wakeups[(lane.channel, lane.priority)].wait(_LONG_SECONDS)

    async def watch(self) -> None:
        """Look for ever for lanes in which something is due; a worker."""
        while True:
            for channel, priority in await self._deliveries.due_lanes(self._lanes, self._clock.now()):
                self.wake(channel, priority)
            await asyncio.sleep(POLL_SECONDS)
