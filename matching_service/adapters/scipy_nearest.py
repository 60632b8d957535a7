"""The nearest drivers of all, by a KD-tree on a flat map: for explaining, where a few meters do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians
from typing import Any

from matching_service.adapters.flat_map import flat
from matching_service.domain.positions import Positions
from shared_kernel.geo import GeoPoint


class ScipyNearest:
    """The Nearest of production."""

    def drivers(self, pickups: Sequence[GeoPoint], drivers: Positions, count: int) -> list[list[int]]:
        from scipy.spatial import KDTree  # noqa: PLC0415 (only the process that dispatches needs it)

        if not pickups or not drivers:
            return [[] for _ in pickups]
        scale = cos(radians(pickups[0].latitude))
        tree: Any = KDTree(flat(*drivers.degrees(), scale))
        ranks = list(range(1, min(count, len(drivers)) + 1))
        ends = flat([each.latitude for each in pickups], [each.longitude for each in pickups], scale)
        _, places = tree.query(ends, k=ranks)
        return [row.tolist() for row in places]
