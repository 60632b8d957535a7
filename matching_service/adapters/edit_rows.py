"""Edits of rides as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from matching_service.adapters.postgres_quotes import fare_from_json, fare_lines_json, places_from_json, places_json
from matching_service.domain.edit import EditState, Plan, RideEdit
from matching_service.domain.quote import Place
from matching_service.domain.schedule import Schedule
from matching_service.domain.stops import Stop, StopState
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

FIRST_ATTEMPT_LEASE_SECONDS = 5.0
"""Who accepted the edit has its hold raised; the sweep takes over when that has not ended by then."""


def edit_row(edit: RideEdit) -> dict[str, Any]:
    """Write an edit, all but the columns of its timer."""
    plan = edit.plan
    return {
        "id": edit.id,
        "ride_id": edit.ride_id,
        "made_by": edit.made_by,
        "pickup": places_json([plan.pickup])[0],
        "dropoff": places_json([plan.dropoff])[0],
        "stops": [_stop_json(stop) for stop in plan.stops],
        "currency_code": plan.fare.total.currency_code,
        "fare_total_minor": plan.fare.total.amount_minor,
        "fare_lines": fare_lines_json(plan.fare),
        "fare_before_minor": edit.fare_before.amount_minor,
        "distance_meters": plan.distance_meters,
        "trip_seconds": plan.trip_seconds,
        "driven_meters": plan.driven_meters,
        "driven_seconds": plan.driven_seconds,
        "driven_to_latitude": None if plan.driven_to is None else plan.driven_to.latitude,
        "driven_to_longitude": None if plan.driven_to is None else plan.driven_to.longitude,
        **schedule_columns(plan.schedule),
        "added_seconds": edit.added_seconds,
        "route_version": edit.route_version,
        "created_at": edit.created_at,
        "expires_at": edit.expires_at,
        **edit_moves(edit),
    }


def edit_moves(edit: RideEdit) -> dict[str, Any]:
    """Write what the moves of an edit change."""
    return {
        "state": edit.state.value,
        "reason": edit.reason,
        "answer_until": edit.answer_until,
        "agreed_driver_id": edit.agreed_driver_id,
        "closed_at": edit.closed_at,
    }


def edit_timer(edit: RideEdit, now: datetime) -> dict[str, Any]:
    """Write when to come back to an edit after a move of it."""
    timer: dict[str, Any] = {"due_at": None, "leased_until": None, "attempts": 0, "error": ""}
    match edit.state:
        case EditState.AWAITING_DRIVER:
            return {**timer, "due_at": edit.answer_until}
        case EditState.HOLD_PENDING:
            return {**timer, "due_at": now, "leased_until": now + timedelta(seconds=FIRST_ATTEMPT_LEASE_SECONDS)}
        case _:
            return timer


def edit_from(row: Mapping[Any, Any]) -> RideEdit:
    """Read an edit."""
    currency_code, latitude = row["currency_code"], row["driven_to_latitude"]
    [pickup, dropoff] = places_from_json([row["pickup"], row["dropoff"]])
    plan = Plan(
        pickup=pickup,
        dropoff=dropoff,
        stops=tuple(_stop_from(item) for item in row["stops"]),
        fare=fare_from_json(currency_code, row["fare_total_minor"], row["fare_lines"]),
        distance_meters=row["distance_meters"],
        trip_seconds=row["trip_seconds"],
        driven_meters=row["driven_meters"],
        driven_seconds=row["driven_seconds"],
        driven_to=None if latitude is None else GeoPoint(latitude, row["driven_to_longitude"]),
        schedule=schedule_from(row),
    )
    return RideEdit(
        id=row["id"],
        ride_id=row["ride_id"],
        made_by=row["made_by"],
        plan=plan,
        fare_before=Money(currency_code, row["fare_before_minor"]),
        added_seconds=row["added_seconds"],
        route_version=row["route_version"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        state=EditState(row["state"]),
        reason=row["reason"],
        answer_until=row["answer_until"],
        agreed_driver_id=row["agreed_driver_id"],
        closed_at=row["closed_at"],
    )


def schedule_columns(schedule: Schedule | None) -> dict[str, Any]:
    """Write the times of a ride that was asked for ahead."""
    return {
        "pickup_at": schedule and schedule.pickup_at,
        "hold_at": schedule and schedule.hold_at,
        "remind_at": schedule and schedule.remind_at,
        "dispatch_at": schedule and schedule.dispatch_at,
    }


def schedule_from(row: Mapping[Any, Any]) -> Schedule | None:
    """Read the times of a ride, if it has any."""
    if row["pickup_at"] is None:
        return None
    return Schedule(row["pickup_at"], row["hold_at"], row["remind_at"], row["dispatch_at"])


def _stop_json(stop: Stop) -> list[Any]:
    [place] = places_json([stop.place])
    reached_at = None if stop.reached_at is None else stop.reached_at.isoformat()
    return [str(stop.id), place, stop.state.value, reached_at]


def _stop_from(item: list[Any]) -> Stop:
    stop_id, [latitude, longitude, address], state, reached_at = item
    return Stop(
        UUID(stop_id),
        Place(GeoPoint(latitude, longitude), address),
        StopState(state),
        None if reached_at is None else datetime.fromisoformat(reached_at),
    )
