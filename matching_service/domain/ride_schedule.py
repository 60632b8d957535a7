"""The moves of a ride that was asked for ahead, before its pickup: it is held, reminded of and searched for.

Raises Conflict `not_scheduled`, all of them, for a ride that was asked for now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideMove
from matching_service.domain.schedule import Schedule
from shared_kernel.errors import Conflict


def hold_due(ride: Ride) -> Ride:
    """It is time to hold the fare."""
    seen_to = replace(ride, schedule=_schedule_of(ride).hold_seen_to())
    return seen_to.with_payment(PaymentState.HOLD_PENDING).told()


def reminded(ride: Ride) -> Ride:
    """The rider is told that the pickup is near."""
    return replace(ride.told(), schedule=_schedule_of(ride).reminded())


def looked_for_drivers(ride: Ride, next_look_at: datetime) -> Ride:
    """It is too early to send one; the version stays, nobody is told."""
    return replace(ride, schedule=_schedule_of(ride).looked(next_look_at))


def search_begun(ride: Ride, now: datetime) -> Ride:
    """Look for a driver now; or, while the hold's outcome is not known, wait for that as any ride does."""
    move = RideMove.BEGIN_SEARCH if ride.payment_state is PaymentState.HELD else RideMove.AWAIT_HOLD
    begun, schedule = ride.moved(move, now), _schedule_of(ride)
    begun = replace(begun, schedule=schedule.looked(now), search_until=ride.terms.search_until(now, schedule))
    if begun.payment_state is PaymentState.HOLD_NOT_DUE:
        return begun.with_payment(PaymentState.HOLD_PENDING)
    return begun


def _schedule_of(ride: Ride) -> Schedule:
    if ride.schedule is None:
        raise Conflict("not_scheduled", "the ride was not asked for ahead")
    return ride.schedule
