"""A simulation that is watched by a program, and shown to nobody."""

from __future__ import annotations

import asyncio

from jitney.simulator.world import World


class Watcher:
    """The simulation's progress: notes when people begin to ride, and keeps the world that they ride in."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.world: World | None = None

    def signing_in(self, who: str, done: int, total: int) -> None:
        """Nothing is shown of it."""

    def running(self, simulated_seconds: float, world: World, live_rides: int) -> None:
        """Note that people ride."""
        del simulated_seconds, live_rides
        self.world = world
        self.began.set()

    def tell(self, line: str) -> None:
        """Nothing is shown of it."""
