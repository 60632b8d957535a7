"""A load that a stack carries for hours, and what grows of it: memory, files, connections, keys, streams, rows.

A figure's growth is that of a straight line through its samples (least squares), without the first part in which caches
fill and pools open. It is named where the line rises, from the first of these samples to the last, by more than a tenth
of what there was and by more than is noise, and the second half's mean is above the first's: the longer the run, the
less of a growth by the hour escapes it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from jitney.chaos.check_messages import judge_messages
from jitney.chaos.check_money import judge_money
from jitney.chaos.check_rides import judge_rides
from jitney.chaos.ground import Ground
from jitney.chaos.hurried_city import write_hurried_city
from jitney.chaos.run import Verdict, settle
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.strain.city import addresses_of, riding_city
from jitney.strain.sampling import STORES, Sample, Sampling, look_at_processes, look_at_stores

EVERY_SECONDS = 30.0
WARM_SHARE = 1 / 3
"""Of the run: left out of the slopes."""
NOTABLE_SHARE = 0.1
"""Of what there was."""
NOISE = {
    "own_mb": 10.0,
    "rss_mb": 10.0,
    "fds": 10.0,
    "sockets": 10.0,
    "threads": 5.0,
    "connections": 3.0,
    "clients": 5.0,
}
"""What a figure may rise without being named, by kind."""
TOLD_ALONE = ("rows", "keys", "entries", "memory_mb", "rss_mb")
"""Told, and no violation: kept for hours or days by intent, or counted for each process that has looked at it."""


@dataclass(frozen=True)
class Plan:
    """How long and how much."""

    minutes: float = 60.0
    drivers: int = 40
    rides_per_second: float = 0.8
    every_seconds: float = EVERY_SECONDS


@dataclass(frozen=True)
class Slope:
    """How one figure went."""

    name: str
    first: float
    last: float
    an_hour: float
    """What the line through it adds in an hour."""
    rise: float
    """What it added over the samples."""

    @property
    def is_notable(self) -> bool:
        """Whether it rose by more than noise and by more than a share of what there was."""
        kind = self.name.partition(" ")[0]
        return self.rise > max(NOISE.get(kind, 0.0), NOTABLE_SHARE * max(self.first, 1.0))

    @property
    def is_judged(self) -> bool:
        """Whether it should not grow: not what is kept by intent, nor the memory that a store keeps it in."""
        kind, _, whose = self.name.partition(" ")
        return kind not in TOLD_ALONE and not (kind == "own_mb" and whose in STORES)


@dataclass
class Soaking:
    """What was seen."""

    minutes: float
    samples: int = 0
    slopes: list[Slope] = field(default_factory=list[Slope])
    city: dict[str, Any] = field(default_factory=dict[str, Any])
    violations: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def soak(plan: Plan, say: Callable[[str], None]) -> Soaking:
    """Start a stack of its own, let a city ride in it, sample, and judge.

    Raises:
        StackError: the stack did not start.
    """
    with own_stack("--matchers", "2") as stack:
        stack.environment["JITNEY_MATCHING_CITY_FILE"] = str(write_hurried_city(stack.data.path.parent))
        say(f"a stack is healthy after {stack.start():.1f} s")
        return asyncio.run(_soak(stack, plan, say))


async def _soak(stack: OwnStack, plan: Plan, say: Callable[[str], None]) -> Soaking:
    found = Soaking(plan.minutes)
    addresses = addresses_of(stack)
    async with httpx.AsyncClient(base_url=addresses.sandbox_url) as sandbox:
        ground = Ground(stack, sandbox)
        names = [each.name for each in stack.record().processes]

        async def look() -> Mapping[str, float]:
            figures = await asyncio.to_thread(look_at_processes, ground, names) | await look_at_stores(ground)
            say(f"{time.strftime('%H:%M:%S')}  " + _in_a_line(figures))
            return figures

        seconds = 60 * plan.minutes
        sampling = Sampling(look, plan.every_seconds)
        async with riding_city(stack, ground.operator_token, plan.drivers, plan.rides_per_second, seconds) as city:
            looking = asyncio.create_task(sampling.run())
            await asyncio.wait({looking}, timeout=seconds)
            looking.cancel()
        found.city = asdict(city)
        found.violations += [city.broken] if city.broken else []
        found.violations += [f"{each.name} ended by itself" for each in stack.record().processes if each.restarts]
        found.samples = len(sampling.samples)
        found.slopes = slopes_of(sampling.samples)
        found.violations += growth_in(found.slopes)
        judged = Verdict(0, plan.minutes)
        if await settle(ground, addresses, judged, say):
            judged.violations += await judge_rides(ground) + await judge_money(ground) + await judge_messages(ground)
        found.violations += judged.violations
    return found


def slopes_of(samples: Sequence[Sample]) -> list[Slope]:
    """Return the slope of each figure that all samples after the warm part have; the steepest first, by kind."""
    warm = list(samples)[int(len(samples) * WARM_SHARE) :]
    if len(warm) < 4:
        return []
    hours = [sample.at_seconds / 3_600 for sample in warm]
    slopes: list[Slope] = []
    for name in sorted(set.intersection(*(set(sample.figures) for sample in warm))):
        values = [sample.figures[name] for sample in warm]
        line = statistics.linear_regression(hours, values)
        half = len(values) // 2
        grew = statistics.fmean(values[half:]) > statistics.fmean(values[:half])
        an_hour = line.slope if grew else min(0.0, line.slope)
        rise = an_hour * (hours[-1] - hours[0])
        slopes.append(Slope(name, values[0], values[-1], round(an_hour, 2), round(rise, 2)))
    return slopes


def growth_in(slopes: Sequence[Slope]) -> list[str]:
    """Name what grows and should not."""
    return [
        f"{slope.name} grows by {slope.an_hour:g} an hour: from {slope.first:g} to {slope.last:g}"
        for slope in slopes
        if slope.is_notable and slope.is_judged
    ]


def _in_a_line(figures: Mapping[str, float]) -> str:
    kinds: dict[str, float] = {}
    for name, value in figures.items():
        kind = name.partition(" ")[0]
        kinds[kind] = kinds.get(kind, 0.0) + value
    return ", ".join(f"{kind} {value:g}" for kind, value in kinds.items())
