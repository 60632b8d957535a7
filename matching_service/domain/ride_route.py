"""Where a ride goes: the stops that its driver passes, and edits that lead elsewhere. Each is another route version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from matching_service.domain import stops
from matching_service.domain.edit import Plan
from matching_service.domain.quote import Fare
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import EDITABLE_STATES, PICKUP_EDITABLE_STATES, PaymentState, RideState
from matching_service.domain.stops import Stop, StopState
from shared_kernel.errors import Conflict


def open_stops(ride: Ride) -> tuple[Stop, ...]:
    """Return the stops that the driver has not left yet."""
    return tuple(stop for stop in ride.stops if stop.state in (StopState.PENDING, StopState.REACHED))


def passed_stops(ride: Ride) -> tuple[Stop, ...]:
    """Return the stops that the driver has left."""
    return tuple(stop for stop in ride.stops if stop.state in (StopState.LEFT, StopState.SKIPPED))


def stop_reached(ride: Ride, stop_id: UUID, now: datetime) -> Ride:
    """The driver is at a stop. Raises what `stops.reached` does, and Conflict `not_under_way`."""
    _refuse_unless_under_way(ride)
    return replace(_gone_on(ride), stops=stops.reached(ride.stops, stop_id, now))


def stop_left(ride: Ride, stop_id: UUID, now: datetime) -> Ride:
    """The trip goes on from a stop. Raises what `stops.left` does, and Conflict `not_under_way`."""
    _refuse_unless_under_way(ride)
    return replace(_gone_on(ride), stops=stops.left(ride.stops, stop_id, now))


def refuse_unless_editable(ride: Ride, *, moves_pickup: bool, moves_time: bool) -> None:
    """Raise the Conflict that tells why an edit is not possible: `not_editable`, `pickup_fixed`, `not_scheduled`."""
    awaited = ride.state is RideState.SCHEDULED and ride.payment_state is PaymentState.HOLD_NOT_DUE
    paid_for = ride.payment_state is PaymentState.HELD or awaited
    if ride.state not in EDITABLE_STATES or ride.kind is not RideKind.PRIVATE or not paid_for:
        raise Conflict(
            "not_editable",
            f"a {ride.kind} ride that is {ride.state} cannot be edited",
            metadata={"from_state": ride.state.value},
        )
    if moves_pickup and ride.state not in PICKUP_EDITABLE_STATES:
        raise Conflict("pickup_fixed", "the driver is there already: the pickup cannot be moved")
    if moves_time and ride.state is not RideState.SCHEDULED:
        raise Conflict("not_scheduled", "the ride has begun: it has no other time")


def refuse_unless_fits(ride: Ride, plan: Plan) -> None:
    """Raise as `refuse_unless_editable` where a ride has gone on too far to go on by a plan that was made for it."""
    moves_pickup = plan.pickup.point != ride.pickup.point
    refuse_unless_editable(ride, moves_pickup=moves_pickup, moves_time=plan.schedule is not None)


def priced_for(ride: Ride) -> datetime:
    """Return the time whose hours the ride was priced by: that it was asked for ahead, or else that of its quote."""
    if ride.schedule is not None:
        return ride.schedule.pickup_at
    quoted_at = ride.terms.quoted_at
    return ride.requested_at if quoted_at is None else datetime.fromtimestamp(quoted_at, UTC)


def with_its_wait(ride: Ride, fare: Fare) -> Fare:
    """Return the fare of another way with what the driver's wait at the pickup cost, if the trip has begun."""
    return fare if ride.started_at is None else ride.terms.with_waiting(fare, ride.waited_seconds(ride.started_at))


def edited(ride: Ride, plan: Plan, now: datetime) -> Ride:
    """Go on by another plan: its fare is what is owed from now on."""
    schedule = ride.schedule if plan.schedule is None else plan.schedule
    if schedule is not None and ride.payment_state is not PaymentState.HOLD_NOT_DUE:
        # The plan may be of the time before the hold was asked for: a ride is held for once, whatever its time.
        schedule = schedule.hold_seen_to()
    return replace(
        _gone_on(ride),
        pickup=plan.pickup,
        dropoff=plan.dropoff,
        stops=(*passed_stops(ride), *plan.stops),
        fare=plan.fare,
        distance_meters=plan.distance_meters,
        trip_seconds=plan.trip_seconds,
        driven_meters=plan.driven_meters,
        driven_seconds=plan.driven_seconds,
        driven_to=plan.driven_to,
        driven_at=now if plan.driven_to is not None else None,
        schedule=schedule,
        search_until=ride.search_until if plan.schedule is None else ride.terms.search_until(now, plan.schedule),
    )


def _gone_on(ride: Ride) -> Ride:
    return replace(ride.told(), route_version=ride.route_version + 1)


def _refuse_unless_under_way(ride: Ride) -> None:
    if ride.state is not RideState.IN_PROGRESS:
        raise Conflict("not_under_way", "the rider is not in the vehicle", metadata={"from_state": ride.state.value})
