"""The stops of a ride between pickup and dropoff: where, in which order, and how far the driver is with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from matching_service.domain.quote import Place
from shared_kernel.errors import Conflict, NotFound

MAX_STOPS = 5
"""Bound of a quote and a ride, as in the contract."""


class StopState(StrEnum):
    """Where a stop stands; the names are those of the contract's StopState."""

    PENDING = "pending"
    REACHED = "reached"
    LEFT = "left"
    SKIPPED = "skipped"
    """The trip ended before it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop on the way; the stops of a ride stand in the order in which they are driven to."""

    id: UUID
    place: Place
    state: StopState = StopState.PENDING
    reached_at: datetime | None = None
    left_at: datetime | None = None


def next_stop(stops: Sequence[Stop]) -> Stop | None:
    """Return the stop where the driver is, or else the one to drive to; None when the dropoff is next."""
    return next((stop for stop in stops if stop.state in (StopState.PENDING, StopState.REACHED)), None)


def reached(stops: Sequence[Stop], stop_id: UUID, now: datetime) -> tuple[Stop, ...]:
    """Note that the driver is at a stop.

    Raises:
        NotFound: `stop_not_found`.
        Conflict: `stop_out_of_order` (another comes first), `invalid_stop_move`.
    """
    stop = _find(stops, stop_id)
    if stop.state is not StopState.PENDING:
        raise _invalid_move(stop, StopState.REACHED)
    first = next_stop(stops)
    if first is not stop:
        raise Conflict("stop_out_of_order", "another stop comes first; the rider may take it out of the ride")
    return _replaced(stops, replace(stop, state=StopState.REACHED, reached_at=now))


def left(stops: Sequence[Stop], stop_id: UUID, now: datetime) -> tuple[Stop, ...]:
    """Note that the trip goes on from a stop.

    Raises:
        NotFound: `stop_not_found`.
        Conflict: `invalid_stop_move`.
    """
    stop = _find(stops, stop_id)
    if stop.state is not StopState.REACHED:
        raise _invalid_move(stop, StopState.LEFT)
    return _replaced(stops, replace(stop, state=StopState.LEFT, left_at=now))


def closed(stops: Sequence[Stop], now: datetime) -> tuple[Stop, ...]:
    """Close the stops of a trip that ended: where the driver is, is left; what was not reached is skipped."""
    return tuple(_closed(stop, now) for stop in stops)


def _closed(stop: Stop, now: datetime) -> Stop:
    match stop.state:
        case StopState.PENDING:
            return replace(stop, state=StopState.SKIPPED)
        case StopState.REACHED:
            return replace(stop, state=StopState.LEFT, left_at=now)
        case _:
            return stop


def _find(stops: Sequence[Stop], stop_id: UUID) -> Stop:
    for stop in stops:
        if stop.id == stop_id:
            return stop
    raise NotFound("stop_not_found", "the ride has no such stop")


def _replaced(stops: Sequence[Stop], changed: Stop) -> tuple[Stop, ...]:
    return tuple(changed if stop.id == changed.id else stop for stop in stops)


def _invalid_move(stop: Stop, target: StopState) -> Conflict:
    return Conflict(
        "invalid_stop_move",
        f"a stop that is {stop.state} cannot become {target}",
        metadata={"from_state": stop.state.value, "to_state": target.value},
    )
