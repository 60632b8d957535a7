"""Traces of dispatch in Postgres: a row a ride and tick, its candidates as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.explanation import Candidate, Fate, Trace, Verdict


class PostgresTraces:
    """The TraceStore of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, traces: Sequence[Trace]) -> None:
        rows = [_row(trace) for trace in traces]
        async with self._database.transaction() as connection:
            await connection.execute(insert(tables.dispatch_traces).values(rows))

    async def of_ride(self, ride_id: UUID, limit: int) -> list[Trace]:
        trace = tables.dispatch_traces.c
        newest = select(tables.dispatch_traces).where(trace.ride_id == ride_id).order_by(trace.id.desc()).limit(limit)
        async with self._database.connect() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [_trace(row) for row in reversed(rows)]


def _row(trace: Trace) -> dict[str, Any]:
    return {
        "ride_id": trace.ride_id,
        "ticked_at": trace.ticked_at,
        "fate": trace.fate.value,
        "driver_id": trace.driver_id,
        "waited_seconds": trace.waited_seconds,
        "drivers_seen": trace.drivers_seen,
        "drivers_free": trace.drivers_free,
        "repeats": trace.repeats,
        "candidates": [_candidate_json(candidate) for candidate in trace.candidates],
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    written: dict[str, Any] = {
        "driver": str(candidate.driver_id),
        "meters": candidate.distance_meters,
        "verdict": candidate.verdict.value,
    }
    if candidate.cost_seconds is not None:
        written |= {
            "eta": candidate.pickup_eta_seconds,
            "cost": candidate.cost_seconds,
            "terms": dict(candidate.terms),
        }
    if candidate.lost_to_ride_id is not None:
        written["lost_to"] = str(candidate.lost_to_ride_id)
    return written


def _trace(row: Mapping[Any, Any]) -> Trace:
    return Trace(
        ride_id=row["ride_id"],
        ticked_at=row["ticked_at"],
        fate=Fate(row["fate"]),
        driver_id=row["driver_id"],
        waited_seconds=row["waited_seconds"],
        drivers_seen=row["drivers_seen"],
        drivers_free=row["drivers_free"],
        repeats=row["repeats"],
        candidates=tuple(
            Candidate(
                UUID(each["driver"]),
                each["meters"],
                Verdict(each["verdict"]),
                each.get("eta"),
                each.get("cost"),
                each.get("terms", {}),
                UUID(each["lost_to"]) if "lost_to" in each else None,
            )
            for each in row["candidates"]
        ),
    )
