"""From what one ride and one driver cost to what a city of many needs, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

SERVICES = ("identity", "matching", "payment", "notification", "rest", "stream")
DATABASE_CONNECTIONS: Mapping[str, int] = {"identity": 8, "matching": 16, "payment": 8, "notification": 8}
"""What one replica holds at most, as the settings are by themselves."""
BUSY_SHARE = 0.7
"""How much of its one core a process is planned to use: beyond it, answers wait for each other."""
LEAST_REPLICAS = 2
STREAM_BYTES = 20_000
"""Of one live connection in the stream process: the bound that `jitney bench streams` holds it to."""
EVENTS_PER_SECOND_SEEN = 1_000
"""What one relay was seen to publish within its promise (`jitney bench events`); more was not tried."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; CPU in milliseconds.

    Args:
        ride: CPU of each process for one ride, without what the same city costs while it waits.
        driver_second: CPU of each process for one driver on shift, a second.
        idle_second: CPU of each process for being there, a second.
        memory_megabytes: of each process, as it was under this load.
        events_a_ride: published by all services.
        redis_bytes: that Redis keeps for one entry of a live stream, and for one event.
        rides_a_driver_hour: at the busiest time.
    """

    ride: Mapping[str, float]
    driver_second: Mapping[str, float]
    idle_second: Mapping[str, float]
    memory_megabytes: Mapping[str, float]
    events_a_ride: float
    redis_bytes: Mapping[str, float]
    rides_a_driver_hour: float

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Figures:
        """Read them from the file."""
        return cls(**{name: document[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Part:
    """What one service needs: cores in use, replicas, their memory, and connections to its database."""

    cores: float
    replicas: int
    memory_megabytes: float
    connections: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a city needs."""

    drivers: int
    rides_per_second: float
    events_per_second: float
    parts: Mapping[str, Part]
    postgres_cores: float
    redis_cores: float
    stream_megabytes: float

    @property
    def cores(self) -> float:
        """Of all services together."""
        return sum(part.cores for part in self.parts.values())


def need_of(figures: Figures, drivers: int) -> Need:
    """Work out what so many drivers on shift need at the busiest time, with two replicas of everything at least."""
    rides = drivers * figures.rides_a_driver_hour / 3600
    parts = {name: _part(figures, name, drivers, rides) for name in SERVICES}
    # The idle cost of a store comes from each replica that asks it.
    crowd = sum(part.replicas for part in parts.values()) / len(parts)
    postgres = _cores(figures, "postgres", drivers, rides, crowd)
    redis = _cores(figures, "redis", drivers, rides, crowd)
    people = drivers + rides * 1800  # riders under way for half an hour listen as well
    return Need(
        drivers=drivers,
        rides_per_second=rides,
        events_per_second=rides * figures.events_a_ride,
        parts=parts,
        postgres_cores=postgres,
        redis_cores=redis,
        stream_megabytes=people * STREAM_BYTES / 1e6,
    )


def breaks_at(figures: Figures) -> dict[str, int]:
    """With one of each, at how many drivers a part has no more to give: a process its core, the relay what it was seen
    to do. PostgreSQL is given eight cores."""
    rides_a_driver = figures.rides_a_driver_hour / 3600
    found: dict[str, int] = {}
    for name in (*SERVICES, "redis", "postgres"):
        room = 1000 * (8 if name == "postgres" else 1) * BUSY_SHARE - figures.idle_second[name]
        each = figures.driver_second[name] + rides_a_driver * figures.ride[name]
        found[name] = int(room / each) if each > 0 else 0
    found["relay"] = int(EVENTS_PER_SECOND_SEEN / (rides_a_driver * figures.events_a_ride))
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _part(figures: Figures, name: str, drivers: int, rides: float) -> Part:
    varying = _cores(figures, name, drivers, rides, 0.0)
    idle = figures.idle_second[name] / 1000
    replicas = max(LEAST_REPLICAS, ceil(varying / max(0.05, BUSY_SHARE - idle)))
    return Part(
        cores=varying + idle * replicas,
        replicas=replicas,
        memory_megabytes=replicas * figures.memory_megabytes[name],
        connections=replicas * DATABASE_CONNECTIONS.get(name, 0),
    )


def _cores(figures: Figures, name: str, drivers: int, rides: float, crowd: float) -> float:
    per_second = drivers * figures.driver_second[name] + rides * figures.ride[name] + crowd * figures.idle_second[name]
    return per_second / 1000
