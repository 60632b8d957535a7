"""What rows of several tables have in common: places, and what riders are shown of a driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matching_service.domain.quote import Place
from matching_service.domain.shift import DriverFacts
from shared_kernel.geo import GeoPoint

Columns = Mapping[Any, Any]
"""A row by the names of its columns (`result.mappings()`)."""


def place_from(row: Columns, name: str) -> Place:
    """Read a place from the columns that begin with its name."""
    return Place(GeoPoint(row[f"{name}_latitude"], row[f"{name}_longitude"]), row[f"{name}_address"])


def driver_from(row: Columns) -> DriverFacts:
    """Read what riders are shown of a driver, from a ride or a shift."""
    return DriverFacts(
        row["driver_id"], row["driver_name"], row["vehicle_model"], row["vehicle_color"], row["vehicle_plate"]
    )
