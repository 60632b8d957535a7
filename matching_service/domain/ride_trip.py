"""The moves of a ride whose driver comes: there, begun with the PIN, and made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from matching_service.domain import stops as stop_moves
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideMove

MAX_PIN_FAILURES = 5


def arrived(ride: Ride, now: datetime) -> Ride:
    """The driver waits at the pickup."""
    return replace(ride.moved(RideMove.ARRIVE, now), arrived_at=now)


def pin_failed(ride: Ride) -> Ride:
    """Count a wrong PIN; the version stays, nobody is told."""
    return replace(ride, pin_failures=ride.pin_failures + 1)


def is_pin_locked(ride: Ride) -> bool:
    """Whether too many wrong PINs were entered."""
    return ride.pin_failures >= MAX_PIN_FAILURES


def started(ride: Ride, now: datetime) -> Ride:
    """The rider is in the vehicle; from here on the fare contains the driver's wait at the pickup."""
    moved = ride.moved(RideMove.START_TRIP, now)
    fare = ride.terms.with_waiting(ride.fare, ride.waited_seconds(now))
    return replace(moved, started_at=now, fare=fare, route_version=ride.route_version + 1)


def completed(ride: Ride, now: datetime) -> Ride:
    """The trip was made: the fare is collected. From here on the payment only goes forward."""
    ended = ride.ended(RideMove.COMPLETE_TRIP, "", now, collect=True)
    return replace(ended, stops=stop_moves.closed(ride.stops, now))
