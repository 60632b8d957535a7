"""Runs, the rides on them and their plans as rows, and back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from matching_service.adapters.rows import Columns, place_from
from matching_service.domain.pooling import PlanStop, StopAction
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import Run, RunRide, Sharing


def run_from(row: Columns) -> Run:
    """Read a run."""
    return Run(row["id"], row["driver_id"], row["parties"], row["seats"], row["opened_at"], plan_from(row["plan"]))


def run_ride_from(row: Columns) -> RunRide:
    """Read what planning needs of a live ride of a shared run."""
    return RunRide(
        ride_id=row["id"],
        state=RideState(row["state"]),
        slot=row["run_slot"],
        passengers=row["passengers"],
        pickup=place_from(row, "pickup"),
        dropoff=place_from(row, "dropoff"),
        sharing=Sharing(**row["sharing"]),
        assigned_at=row["assigned_at"],
        pickup_eta_seconds=row["pickup_eta_seconds"] or 0,
        started_at=row["started_at"],
    )


def plan_json(plan: Sequence[PlanStop]) -> list[list[str]]:
    """Write a plan as it stands in a JSON column: [ride, action] each."""
    return [[str(stop.ride_id), stop.action.value] for stop in plan]


def plan_from(value: Sequence[Sequence[str]]) -> tuple[PlanStop, ...]:
    """Read a plan."""
    return tuple(PlanStop(UUID(ride_id), StopAction(action)) for ride_id, action in value)
