"""How values lie: what a share of them does not exceed, and how unevenly they are shared out."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed (nearest rank).

    Raises:
        IndexError: there are no values.
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def gini(values: Sequence[float]) -> float:
    """Return 0 where all have as much, nearly 1 where one has all; of nothing at all, 0."""
    ordered, total = sorted(values), sum(values)
    count = len(ordered)
    if not total:
        return 0.0
    return sum((2 * place - count + 1) * value for place, value in enumerate(ordered)) / (count * total)
