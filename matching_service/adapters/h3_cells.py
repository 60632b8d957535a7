"""Cells of the map by H3: of resolution 8 (about 0.7 km²) for surge, of 7 (about 5 km²) for the value of destinations.

h3 is imported when the first place is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from shared_kernel.geo import GeoPoint

SURGE_RESOLUTION = 8
DESTINATION_RESOLUTION = 7


class H3Cells:
    """The Cells of production."""

    def __init__(self, resolution: int = SURGE_RESOLUTION) -> None:
        self._resolution = resolution

    def cell_of(self, point: GeoPoint) -> str:
        return str(_h3().latlng_to_cell(point.latitude, point.longitude, self._resolution))

    def neighbors(self, cell: str) -> Collection[str]:
        return _ring(cell)

    def center(self, cell: str) -> GeoPoint:
        latitude, longitude = _h3().cell_to_latlng(cell)
        return GeoPoint(latitude, longitude)


@lru_cache(maxsize=50_000)
def _ring(cell: str) -> frozenset[str]:
    return frozenset(_h3().grid_disk(cell, 1)) - {cell}


def _h3() -> Any:
    import h3  # noqa: PLC0415 (who only migrates does not need it)

    return h3
