"""Tell why a ride got its driver, or none: the ticks that it took part in, with the drivers around it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.explanation import Trace
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.use_cases.explain_ports import TraceStore
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found

MAX_TRACES = 200
_MAX_OFFERS = 100


@dataclass(frozen=True, slots=True)
class Explanation:
    """A ride, its ticks and its offers, each oldest first. Ticks are kept for some days only."""

    ride: Ride
    traces: list[Trace]
    offers: list[Offer]


@dataclass(frozen=True, slots=True)
class ExplainDispatch:
    """The use case."""

    reader: RideReader
    traces: TraceStore

    async def __call__(self, ride_id: UUID) -> Explanation:
        """Return what is known. Raises NotFound `ride_not_found`."""
        ride = await self.reader.ride(ride_id)
        if ride is None:
            raise ride_not_found()
        _, offers = await self.reader.history(ride_id, _MAX_OFFERS)
        return Explanation(ride, await self.traces.of_ride(ride_id, MAX_TRACES), offers)
