"""The way of a ride, and travel times that were learned."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, OpenEnum, Parameters, Place, Timestamp, place, timestamp
from ridesharing.matching.v1 import map_service_pb2

ROUTE_ENDS = OpenEnum(map_service_pb2.RouteEnd.items(), "ROUTE_END")


class RouteLeg(Answer):
    """A leg of a ride's way."""

    end: str = Field(description="To what it leads: pickup, stop or dropoff.", examples=["pickup"])
    place: Place
    distance_meters: int
    eta_seconds: int = Field(description="Waits are not part of it.")
    polyline: str | None = Field(
        description="Its line on the map, an encoded polyline of five decimals; null where no map tells it."
    )


class RideRoute(Answer):
    """The way of a ride that is still to be driven."""

    legs: list[RouteLeg] = Field(description="While the driver comes, the first leads to the pickup.")
    measured_at: Timestamp | None = Field(
        description="When the driver was where the first leg begins; null where nobody knows: then it begins where the"
        " ride was last, and the leg to the pickup is left out."
    )


def ride_route(message: map_service_pb2.GetRideRouteResponse) -> RideRoute:
    """Read the contract's way."""
    return RideRoute(
        legs=[
            RouteLeg(
                end=ROUTE_ENDS.text(leg.end),
                place=place(leg.place),
                distance_meters=leg.distance_meters,
                eta_seconds=leg.eta_seconds,
                polyline=leg.polyline or None,
            )
            for leg in message.legs
        ],
        measured_at=timestamp(message.measure_time) if message.HasField("measure_time") else None,
    )


class TravelTimesQuery(Parameters):
    """How many."""

    limit: int = Field(default=20, ge=1, le=100, description="At most so many.")


class TravelTimes(Answer):
    """What some trips taught of one provider's estimates."""

    provider: str = Field(description="Whose estimates: crow_flies, street or osrm.", examples=["street"])
    map_id: str | None = Field(description="The map that the provider estimates by.")
    version: int
    learned_at: Timestamp
    trip_count: int
    error_before: float = Field(
        description="Of what was in force before, on trips held out: mean of |told - measured| / measured."
    )
    error_after: float = Field(description="The same of what was learned.")
    in_force: bool = Field(description="Whether it was better, and took the place of what was in force.")
    start_seconds: float = Field(description="What setting out, turning around and stopping take.")
    factors: list[float] = Field(
        description="Measured over estimated time, one an hour of the week, from Monday 0 to 1 o'clock."
    )


class ToldTimes(Answer):
    """What people were told beside what came true, in the completed rides of the last seven days."""

    count: int
    mean_error: float = Field(description="Mean of |told - measured| / measured.")
    median_ratio: float = Field(description="Median of told / measured: below 1 too little was told.")


class LearnedTravelTimes(Answer):
    """What was learned, newest first, and how wrong people were told."""

    items: list[TravelTimes]
    pickups: ToldTimes = Field(description="Times to the pickup, as told when the driver accepted.")
    trips: ToldTimes = Field(description="Times of trips without stops, as told in their quotes.")


def learned_travel_times(message: map_service_pb2.ListTravelTimesResponse) -> LearnedTravelTimes:
    """Read the contract's list."""
    return LearnedTravelTimes(
        items=[
            TravelTimes(
                provider=each.provider,
                map_id=each.map_id or None,
                version=each.version,
                learned_at=timestamp(each.learn_time),
                trip_count=each.trip_count,
                error_before=each.error_before,
                error_after=each.error_after,
                in_force=each.in_force,
                start_seconds=each.start_seconds,
                factors=list(each.factors),
            )
            for each in message.travel_times
        ],
        pickups=_told(message.pickups),
        trips=_told(message.trips),
    )


def _told(message: map_service_pb2.ToldTimes) -> ToldTimes:
    return ToldTimes(count=message.count, mean_error=message.mean_error, median_ratio=message.median_ratio)
