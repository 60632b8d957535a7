"""Share links: what somebody without an account sees of a ride, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import LIVE_STATES, RideState
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint

MAX_SENT = 5
"""How often a ride's link is sent to trusted contacts; the database holds the same."""
LINK_LIVES = timedelta(hours=24)
SEEN_AFTER_END = timedelta(minutes=30)
"""Who follows a ride sees that it ended well, and then no more."""
_DECIMALS = 3
"""A thousandth of a degree is at most 111 m: enough to meet somebody, too little to tell a front door."""


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a ride, known by the hash of its secret."""

    ride_id: UUID
    token_hash: bytes
    created_at: datetime
    expires_at: datetime


def share(ride: Ride, token_hash: bytes, now: datetime) -> Share:
    """Make the link of a ride. Raises Conflict `ride_over`."""
    if ride.state not in LIVE_STATES:
        raise Conflict("ride_over", "the ride is over")
    return Share(ride.id, token_hash, now, link_ends_at(ride, now))


def link_ends_at(ride: Ride, now: datetime) -> datetime:
    """Return until when a link lives: for a day, which of a ride that waits for its time begins with the pickup."""
    return LINK_LIVES + (now if ride.schedule is None else max(now, ride.schedule.pickup_at))


def is_shown(ride: Ride, now: datetime) -> bool:
    """Tell whether a ride is still shown to who has its link."""
    return ride.ended_at is None or now - ride.ended_at <= SEEN_AFTER_END


def shows_location(ride: Ride) -> bool:
    """Tell whether the driver's place is part of what is shown: from the way to the pickup to the end of the trip."""
    return ride.state in (RideState.DRIVER_EN_ROUTE, RideState.ARRIVED, RideState.IN_PROGRESS)


def blurred(point: GeoPoint) -> GeoPoint:
    """Return about where a point is."""
    return GeoPoint(round(point.latitude, _DECIMALS), round(point.longitude, _DECIMALS))
