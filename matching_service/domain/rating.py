"""Ratings: what riders and drivers think of each other after a ride."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from shared_kernel.errors import Conflict

RATE_WITHIN = timedelta(days=30)
ASKED_AFTER = timedelta(hours=1)
"""So long after the ride its rider is asked for stars: the app's last page has asked before, which most answer at once;
who did not has got to where they wanted by now, and still remembers the ride."""
LATEST_COUNTED = 500
"""Older ratings no longer count: people change."""
MIN_STARS, MAX_STARS = 1, 5
MAX_COMMENT_LENGTH = 500


class RatedPart(StrEnum):
    """In which part somebody is rated."""

    RIDER = "rider"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class Rating:
    """What one side of a ride thinks of the other."""

    ride_id: UUID
    rated_part: RatedPart
    rated_id: UUID
    rater_id: UUID
    stars: int
    comment: str
    created_at: datetime

    def says_as(self, other: Rating) -> bool:
        """Tell whether two say the same."""
        return (self.stars, self.comment) == (other.stars, other.comment)


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """The latest ratings of somebody; the mean in thousandths of a star."""

    count: int
    mean_milli_stars: int


def may_be_rated(ride: Ride, now: datetime) -> bool:
    """Tell whether the two sides of a ride may rate each other at a moment."""
    return ride.state is RideState.COMPLETED and ride.ended_at is not None and now - ride.ended_at <= RATE_WITHIN


def rate(ride: Ride, rated_part: RatedPart, stars: int, comment: str, now: datetime) -> Rating:
    """Rate the other side of a ride.

    Raises:
        Conflict: `ride_not_completed`, `rating_window_over`.
    """
    if ride.state is not RideState.COMPLETED or ride.driver is None or ride.ended_at is None:
        raise Conflict("ride_not_completed", "only a completed ride is rated")
    if now - ride.ended_at > RATE_WITHIN:
        raise Conflict("rating_window_over", f"a ride is rated within {RATE_WITHIN.days} days")
    people = {RatedPart.DRIVER: ride.driver.driver_id, RatedPart.RIDER: ride.rider_id}
    rater = RatedPart.RIDER if rated_part is RatedPart.DRIVER else RatedPart.DRIVER
    return Rating(ride.id, rated_part, people[rated_part], people[rater], stars, comment, now)
