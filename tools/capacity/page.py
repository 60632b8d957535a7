"""The tables of docs/scaling.md."""

from __future__ import annotations

from collections.abc import Sequence

from tools.capacity.model import SERVICES, Figures, Need, breaks_at, need_of

CITIES = (600, 10_000, 100_000)


def draw(figures: Figures, cities: Sequence[int] = CITIES) -> str:
    """Draw all of them, as Markdown."""
    needs = [need_of(figures, drivers) for drivers in cities]
    return "\n".join([*_costs(figures), "", *_cities(needs), "", *_breaks(figures)]) + "\n"


def _costs(figures: Figures) -> list[str]:
    rows = [
        f"| {name} | {figures.ride[name]:.1f} | {figures.driver_second[name]:.3f} | {figures.idle_second[name]:.1f} |"
        for name in (*SERVICES, "postgres", "redis")
    ]
    total = sum(figures.ride[name] for name in SERVICES)
    return [
        "| process | CPU a ride, ms | CPU a driver and second, ms | CPU a second of being there, ms |",
        "| --- | ---: | ---: | ---: |",
        *rows,
        f"| the six processes together | {total:.1f} | {sum(figures.driver_second[name] for name in SERVICES):.3f} | |",
    ]


def _cities(needs: Sequence[Need]) -> list[str]:
    def row(name: str, cells: Sequence[str]) -> str:
        return f"| {name} | {' | '.join(cells)} |"

    lines = [
        row("at the busiest time", [f"{need.drivers:,} drivers" for need in needs]),
        row("---", ["---:"] * len(needs)),
        row("rides a second", [f"{need.rides_per_second:.1f}" for need in needs]),
        row("events a second", [f"{need.events_per_second:,.0f}" for need in needs]),
    ]
    for name in SERVICES:
        cells = [
            f"{part.replicas} of {part.cores / part.replicas:.2f} cores"
            + (f", {part.connections} connections" if part.connections else "")
            for part in (need.parts[name] for need in needs)
        ]
        lines.append(row(name, cells))
    return [
        *lines,
        row("all six, cores in use", [f"{need.cores:.1f}" for need in needs]),
        row(
            "all six, memory",
            [f"{sum(p.memory_megabytes for p in need.parts.values()) / 1000:.1f} GB" for need in needs],
        ),
        row("and their live connections", [f"{need.stream_megabytes:,.0f} MB" for need in needs]),
        row("PostgreSQL, cores in use", [f"{need.postgres_cores:.1f}" for need in needs]),
        row("Redis, cores in use", [f"{need.redis_cores:.2f}" for need in needs]),
    ]


def _breaks(figures: Figures) -> list[str]:
    return [
        "| with one of each, full at | drivers |",
        "| --- | ---: |",
        *(f"| {name} | {drivers:,} |" for name, drivers in breaks_at(figures).items()),
    ]
