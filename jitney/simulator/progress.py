"""What is seen of a running simulation: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from jitney.simulator.world import World

_LINE_EVERY_SECONDS = 10.0


class BarProgress:
    """A bar for a terminal; use it as a context manager."""

    def __init__(self, console: Console, minutes: float | None, *, feed: bool) -> None:
        """Show on a console; `minutes` is None for a run without end, `feed` prints a line for each ride."""
        self._console = console
        self._minutes = minutes
        self._feed = feed
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
        )
        self._task = self._progress.add_task("signing people in", total=None, figures="")

    def __enter__(self) -> BarProgress:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def signing_in(self, who: str, done: int, total: int) -> None:
        """Show how many drivers or riders are in."""
        self._progress.update(
            self._task, description=f"signing {who} in", completed=done, total=total, figures=f"{done}/{total}"
        )

    def running(self, simulated_seconds: float, world: World, live_rides: int) -> None:
        """Show the time and the counts."""
        total = self._minutes * 60 if self._minutes is not None else None
        self._progress.update(
            self._task,
            description=clock_face(simulated_seconds),
            total=total,
            completed=min(simulated_seconds, total) if total is not None else 0,
            figures=figures(world, live_rides),
        )

    def tell(self, line: str) -> None:
        """Print a ride's end above the bar, if rides are to be told."""
        if self._feed:
            self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {line}", highlight=False)


class LineProgress:
    """A line every ten seconds, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told_at = 0.0

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def signing_in(self, who: str, done: int, total: int) -> None:
        """Say when all drivers or riders are in."""
        if done == total:
            self._console.print(f"{total} {who} are signed in")

    def running(self, simulated_seconds: float, world: World, live_rides: int) -> None:
        """Say where the simulation is."""
        if time.monotonic() - self._told_at >= _LINE_EVERY_SECONDS:
            self._told_at = time.monotonic()
            self._console.print(f"{clock_face(simulated_seconds)} {figures(world, live_rides)}", highlight=False)

    def tell(self, line: str) -> None:
        """Print a ride's end."""
        self._console.print(line, highlight=False)


def clock_face(simulated_seconds: float) -> str:
    """Write simulated time as hours, minutes and seconds."""
    minutes, seconds = divmod(int(simulated_seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def figures(world: World, live_rides: int) -> str:
    """Write the counts of the moment."""
    tally = world.tally
    return (
        f"{tally.requested} requested, {tally.completed} completed, {live_rides} under way, "
        f"{len(world.free_vehicles)} drivers free"
    )
