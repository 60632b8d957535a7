"""Rate the other side of a ride, and tell what others think."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from matching_service.domain.rating import LATEST_COUNTED, RatedPart, Rating, RatingSummary, rate
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict


class Ratings(Protocol):
    """Where ratings are kept."""

    async def add(self, rating: Rating) -> Rating:
        """Keep a rating unless the ride has one of that side; return the one that stands."""
        ...

    async def summary(self, rated_id: UUID, rated_part: RatedPart, latest: int) -> RatingSummary:
        """Sum up somebody's latest ratings."""
        ...


@dataclass(frozen=True, slots=True)
class RateRide:
    """RateRide: by the rider of the driver, and by the driver of the rider."""

    reader: RideReader
    ratings: Ratings
    clock: Clock

    async def __call__(
        self, ride_id: UUID, stars: int, comment: str, *, rider_id: UUID | None = None, driver_id: UUID | None = None
    ) -> Rating:
        """Rate as the rider or the driver that is given.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `ride_not_completed`, `rating_window_over`, `rating_exists`.
        """
        ride = await self.reader.ride(ride_id, rider_id=rider_id, driver_id=driver_id)
        if ride is None:
            raise ride_not_found()
        part = RatedPart.DRIVER if rider_id is not None else RatedPart.RIDER
        rating = rate(ride, part, stars, comment, self.clock.now())
        standing = await self.ratings.add(rating)
        if not standing.says_as(rating):
            raise Conflict("rating_exists", "the ride was rated already")
        return standing


@dataclass(frozen=True, slots=True)
class ReadRating:
    """GetRating."""

    ratings: Ratings

    async def __call__(self, rated_id: UUID, rated_part: RatedPart) -> RatingSummary:
        """Sum up the latest ratings of somebody."""
        return await self.ratings.summary(rated_id, rated_part, LATEST_COUNTED)
