"""Shifts as rows, and back."""

from __future__ import annotations

from typing import Any

from matching_service.adapters.rows import Columns, driver_from
from matching_service.domain.city import VehicleClass
from matching_service.domain.ride_kind import Capability
from matching_service.domain.shift import EndReason, Shift
from shared_kernel.geo import GeoPoint


def shift_row(shift: Shift) -> dict[str, Any]:
    """Write a shift."""
    return {
        "id": shift.id,
        "driver_id": shift.driver_id,
        "driver_name": shift.driver.display_name,
        "vehicle_model": shift.driver.vehicle_model,
        "vehicle_color": shift.driver.vehicle_color,
        "vehicle_plate": shift.driver.vehicle_plate,
        "vehicle_class": shift.vehicle_class.value,
        "started_at": shift.started_at,
        **shift_wishes(shift),
    }


def shift_wishes(shift: Shift) -> dict[str, Any]:
    """Write all of a shift that may change."""
    return {
        "ended_at": shift.ended_at,
        "ends_after_ride": shift.ends_after_ride,
        "version": shift.version,
        "last_ride": shift.last_ride,
        "break_since": shift.break_since,
        "break_until": shift.break_until,
        "heading_latitude": shift.heading.latitude if shift.heading else None,
        "heading_longitude": shift.heading.longitude if shift.heading else None,
        "silent_since": shift.silent_since,
        "silent_until": shift.silent_until,
        "end_reason": shift.end_reason.value if shift.end_reason else None,
        "capabilities": sorted(shift.capabilities),
        "paused_seconds": shift.paused_seconds,
    }


def shift_from(row: Columns) -> Shift:
    """Read a shift."""
    return Shift(
        row["id"],
        driver_from(row),
        VehicleClass(row["vehicle_class"]),
        row["started_at"],
        row["ends_after_ride"],
        row["ended_at"],
        version=row["version"],
        last_ride=row["last_ride"],
        break_since=row["break_since"],
        break_until=row["break_until"],
        heading=None
        if row["heading_latitude"] is None
        else GeoPoint(row["heading_latitude"], row["heading_longitude"]),
        silent_since=row["silent_since"],
        silent_until=row["silent_until"],
        end_reason=EndReason(row["end_reason"]) if row["end_reason"] else None,
        capabilities=frozenset(Capability(name) for name in row["capabilities"]),
        paused_seconds=row["paused_seconds"],
    )
