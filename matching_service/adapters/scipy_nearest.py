"""The nearest drivers of all, by a KD-tree on a flat map: for explaining, where a few meters do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians
from typing import Any

from matching_service.domain.positions import Positions
from shared_kernel.geo import GeoPoint


class ScipyNearest:
    """The Nearest of production."""

    def drivers(self, pickups: Sequence[GeoPoint], drivers: Positions, count: int) -> list[list[int]]:
        import numpy as np  # noqa: PLC0415 (only the process that dispatches needs it)
        from scipy.spatial import KDTree  # noqa: PLC0415

        if not pickups or not drivers:
            return [[] for _ in pickups]
        scale = cos(radians(pickups[0].latitude))
        latitudes, longitudes = drivers.degrees()
        stands = np.column_stack((latitudes, np.asarray(longitudes) * scale))
        tree: Any = KDTree(stands)
        ranks = list(range(1, min(count, len(drivers)) + 1))
        _, places = tree.query(np.array([(each.latitude, each.longitude * scale) for each in pickups]), k=ranks)
        return [row.tolist() for row in places]
