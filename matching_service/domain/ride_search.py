"""The moves of a ride that wants a driver: offered, taken on, changed over to another, given back; or nobody came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideMove
from matching_service.domain.shift import DriverFacts


def offered(ride: Ride, now: datetime) -> Ride:
    """A driver has an open offer."""
    return ride.moved(RideMove.MAKE_OFFER, now)


def offer_closed(ride: Ride, now: datetime) -> Ride:
    """The driver declined or did not answer: look for another."""
    return ride.moved(RideMove.CLOSE_OFFER, now)


def assigned(ride: Ride, driver: DriverFacts, pickup_eta_seconds: int, now: datetime) -> Ride:
    """The driver accepted."""
    moved = ride.moved(RideMove.ACCEPT_OFFER, now)
    return replace(
        moved,
        driver=driver,
        pickup_eta_seconds=pickup_eta_seconds,
        promised_pickup_at=now + timedelta(seconds=pickup_eta_seconds),
        assigned_at=now,
        reason="",
    )


def swapped(ride: Ride, driver: DriverFacts, pickup_eta_seconds: int, now: datetime) -> Ride:
    """Another driver comes instead, no later than promised; cancelling is free anew, as after an assignment."""
    moved = ride.moved(RideMove.SWAP_DRIVER, now)
    return replace(
        moved,
        driver=driver,
        pickup_eta_seconds=pickup_eta_seconds,
        swap_count=ride.swap_count + 1,
        assigned_at=now,
    )


def on_run(ride: Ride, run_id: UUID, slot: int) -> Ride:
    """Take a place in a driver's run, with the assignment."""
    return replace(ride, run_id=run_id, run_slot=slot)


def given_back(ride: Ride, words: str, now: datetime) -> Ride:
    """The driver gave the ride back: look for another at the same fare, with a new window and fresh PIN tries."""
    return replace(_without_driver(ride, RideMove.GIVE_BACK, "driver_canceled", now), words=words)


def reassigned(ride: Ride, words: str, now: datetime) -> Ride:
    """An operator took the ride from its driver: look for another at the same fare, as when it is given back."""
    return replace(_without_driver(ride, RideMove.GIVE_BACK, "operator_reassigned", now), words=words)


def pickup_moved_far(ride: Ride, now: datetime) -> Ride:
    """The pickup went too far for the driver on the way: look for another, with a new window."""
    return _without_driver(ride, RideMove.MOVE_PICKUP_FAR, "pickup_moved", now)


def unmatched(ride: Ride, now: datetime) -> Ride:
    """The search window closed without a driver."""
    return ride.ended(RideMove.CLOSE_SEARCH, "no_driver_available", now, collect=False)


def _without_driver(ride: Ride, move: RideMove, reason: str, now: datetime) -> Ride:
    return replace(
        ride.moved(move, now),
        driver=None,
        pickup_eta_seconds=None,
        promised_pickup_at=None,
        assigned_at=None,
        arrived_at=None,
        run_id=None,
        run_slot=None,
        pin_failures=0,
        reason=reason,
        search_until=ride.terms.search_until(now, ride.schedule),
    )
