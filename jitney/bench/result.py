"""What a benchmark found: a figure beside its limit, and whether it keeps its promise."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Detail:
    """A row of what stands behind the figure; `value` in the unit of its own `unit`."""

    what: str
    value: float
    unit: str


@dataclass(frozen=True)
class Promise:
    """A further promise: `value` is not to be below `least`, nor above `most`, where there is such a bound."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


@dataclass(frozen=True)
class Result:
    """A figure of which less is better, or more.

    Args:
        name: of the benchmark.
        value: what was measured, in `unit`.
        unit: s, MB.
        limit: what the same run found to be the least possible, in `unit`.
        target: what was promised: not above it (not below it where more is better), in `unit`.
        details: what the figure is made of.
        more_is_better: of a rate, for example; the limit is then the most that is possible.
        also: what is promised besides.
    """

    name: str
    value: float
    unit: str
    limit: float
    target: float
    details: Sequence[Detail] = field(default=())
    more_is_better: bool = False
    also: Sequence[Promise] = field(default=())

    @property
    def ratio(self) -> float:
        """How near the limit it comes: 1 is the limit itself, less is worse; 0 where no limit could be measured."""
        part, whole = (self.value, self.limit) if self.more_is_better else (self.limit, self.value)
        return part / whole if whole > 0 else 0.0

    @property
    def met(self) -> bool:
        """True if all promises are kept."""
        kept = self.value >= self.target if self.more_is_better else self.value <= self.target
        return kept and all(promise.met for promise in self.also)

    def as_json(self) -> str:
        """One line for programs: name, value, unit, limit, ratio, target, met."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "limit": round(self.limit, 3),
                "ratio": round(self.ratio, 3),
                "target": self.target,
                "met": self.met,
            }
        )

    def whole(self) -> dict[str, Any]:
        """All of it, for a report: what `as_json` says, its parts and its further promises."""
        return {
            **json.loads(self.as_json()),
            "more_is_better": self.more_is_better,
            "details": [asdict(detail) for detail in self.details],
            "promises": [{**asdict(promise), "met": promise.met} for promise in self.also],
        }


def median(values: Sequence[float]) -> float:
    """The middle of repeated measurements, which one disturbance does not move; ValueError without any."""
    return float(statistics.median(values))


def table_of(result: Result) -> "Table":
    """For people's eyes: the parts, then the figure, its limit, its target."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(result.name)
    table.add_column("value", justify="right")
    table.add_column("unit")
    for detail in result.details:
        table.add_row(detail.what, _figure(detail.value), detail.unit)
    table.add_section()
    table.add_row("measured", _figure(result.value), result.unit, style="bold")
    table.add_row("limit", _figure(result.limit), result.unit)
    more = result.more_is_better
    table.add_row("measured / limit" if more else "limit / measured", _figure(result.ratio), "")
    table.add_row("target, at least" if more else "target, at most", _figure(result.target), result.unit)
    for promise in result.also:
        bounds = (("at least", promise.least), ("at most", promise.most))
        table.add_row(promise.what, _figure(promise.value), ", ".join(f"{w} {b:g}" for w, b in bounds if b is not None))
    table.add_row("met", "[green]yes[/green]" if result.met else "[red]no[/red]", "", style="bold")
    return table


def _figure(value: float) -> str:
    """Three significant digits, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
