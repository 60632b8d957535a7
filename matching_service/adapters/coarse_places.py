"""Places too coarse to find anybody by: the middles of H3 cells of resolution 7."""

from __future__ import annotations

from math import isfinite

from shared_kernel.geo import GeoPoint

RESOLUTION = 7
"""Cells of about 5.2 km². A circle of 1,850 feet, up to which California's privacy act (Civil Code 1798.140) speaks of
precise geolocation, has 1.0 km²."""


def coarse(point: GeoPoint) -> GeoPoint:
    """Return the middle of the cell that a place lies in."""
    import h3  # noqa: PLC0415 (only who exports needs it)

    latitude, longitude = h3.cell_to_latlng(h3.latlng_to_cell(point.latitude, point.longitude, RESOLUTION))
    if not (isfinite(latitude) and isfinite(longitude)):
        raise ValueError("a cell without a middle")
    return GeoPoint(round(latitude, 6), round(longitude, 6))
