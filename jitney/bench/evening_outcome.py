"""What a replayed evening came to."""

from dataclasses import dataclass, field

WARM_UP_SECONDS = 1_200.0
"""Rides asked for earlier are not counted."""


@dataclass
class Outcome:
    """What became of the rides that count, and what the drivers earned."""

    name: str
    cars: int
    asked: int = 0
    waits: list[float] = field(default_factory=list[float])
    swaps: list[int] = field(default_factory=list[int])
    earned_minor: list[int] = field(default_factory=list[int])
    empty_seconds: float = 0.0
    double_assignments: int = 0
    tick_seconds: list[float] = field(default_factory=list[float])
    greedy_passes: int = 0
    """Passes of the solver that found no time: the one thing in a replay that depends on how quick the machine is."""
