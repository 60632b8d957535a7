"""The simulation's time: it runs `speed` times as fast as the clock on the wall."""

from __future__ import annotations

import asyncio


class SimulationClock:
    """Seconds since the start of the simulation."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()

    def restart(self) -> None:
        """Begin at zero again: the preparations are over."""
        self._begun = self._loop.time()

    def seconds(self) -> float:
        """Return the simulated seconds since the start."""
        return (self._loop.time() - self._begun) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait so many simulated seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def sleep_until(self, seconds: float) -> None:
        """Wait for a moment of the simulation."""
        await self.sleep(seconds - self.seconds())
