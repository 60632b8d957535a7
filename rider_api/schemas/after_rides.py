"""Links to rides for who has no account, and ratings after rides."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    ContactId,
    Parameters,
    Request,
    Timestamp,
    public_id,
    timestamp,
    timestamp_or_none,
)
from rider_api.schemas.rides import RIDE_STATES, VehicleFacts
from ridesharing.matching.v1 import rating_service_pb2, ride_service_pb2, share_service_pb2


class ShareLink(Answer):
    """A link to a ride. The token is told this once; the app puts it behind an address of its own."""

    token: str = Field(examples=["hW3n2yQm1kT0vB7cXr9sLd5eAf8gJz4u"])
    path: str = Field(description="Where the ride is read.", examples=["/v1/shared-rides/hW3n2yQm1kT0vB7cXr9sLd5e"])
    expires_at: Timestamp


def share_link(message: share_service_pb2.ShareRideResponse) -> ShareLink:
    """Convert a link."""
    return ShareLink(
        token=message.token, path=f"/v1/shared-rides/{message.token}", expires_at=timestamp(message.expire_time)
    )


class ShareTextsRequest(Request):
    """Who is to be sent the link."""

    contact_ids: list[ContactId] = Field(
        min_length=1,
        max_length=5,
        description="Trusted contacts of the caller's own; who is none of them is sent nothing.",
        examples=[["tc_01h4556qpqexqvskwzpczs00jq"]],
    )


class SharePath(Parameters):
    """Holds the secret of a link."""

    token: str = Field(pattern="^[A-Za-z0-9_-]{16,64}$", examples=["hW3n2yQm1kT0vB7cXr9sLd5eAf8gJz4u"])


class BlurredPoint(Answer):
    """About where something is, to a thousandth of a degree."""

    latitude: float
    longitude: float


class SharedDriver(Answer):
    """Whom and what to look for."""

    display_name: str
    vehicle: VehicleFacts


class SharedRide(Answer):
    """A ride as who has its link sees it: nothing of its rider, and places only about."""

    state: str = Field(examples=["in_progress"])
    pickup: BlurredPoint
    dropoff: BlurredPoint
    driver: SharedDriver | None
    location: BlurredPoint | None = Field(description="About where the driver is.")
    measured_at: Timestamp | None
    started_at: Timestamp | None
    ended_at: Timestamp | None
    expires_at: Timestamp = Field(description="When the link ends.")


def shared_ride(message: share_service_pb2.GetSharedRideResponse) -> SharedRide:
    """Convert what a link shows."""
    ride = message.ride
    driver = None
    if ride.HasField("driver"):
        driver = SharedDriver(
            display_name=ride.driver.display_name,
            vehicle=VehicleFacts(
                model=ride.driver.vehicle_model, color=ride.driver.vehicle_color, plate=ride.driver.vehicle_plate
            ),
        )
    return SharedRide(
        state=RIDE_STATES.text(ride.state),
        pickup=BlurredPoint(latitude=ride.pickup.latitude, longitude=ride.pickup.longitude),
        dropoff=BlurredPoint(latitude=ride.dropoff.latitude, longitude=ride.dropoff.longitude),
        driver=driver,
        location=BlurredPoint(latitude=ride.location.latitude, longitude=ride.location.longitude)
        if ride.HasField("location")
        else None,
        measured_at=timestamp_or_none(ride, "measure_time"),
        started_at=timestamp_or_none(ride, "start_time"),
        ended_at=timestamp_or_none(ride, "end_time"),
        expires_at=timestamp(message.expire_time),
    )


class RatingRequest(Request):
    """Rates the other side of a ride."""

    stars: int = Field(ge=1, le=5, examples=[5])
    comment: str = Field(default="", max_length=500, description="For the people who run the service, never shown.")


class Rating(Answer):
    """What the caller thinks of the other side of a ride."""

    ride_id: str
    stars: int
    comment: str
    created_at: Timestamp


def rating(message: rating_service_pb2.Rating) -> Rating:
    """Convert a rating."""
    return Rating(
        ride_id=public_id("ride", message.ride_id),
        stars=message.stars,
        comment=message.comment,
        created_at=timestamp(message.create_time),
    )


class RatingSummary(Answer):
    """What others think of somebody: the latest 500 ratings at most."""

    count: int
    mean_stars: float | None = Field(description="Null without a rating.", examples=[4.87])


def rating_summary(message: rating_service_pb2.GetRatingResponse) -> RatingSummary:
    """Convert a summary."""
    return RatingSummary(count=message.count, mean_stars=message.mean_milli_stars / 1000 if message.count else None)


class NearbyQuery(Parameters):
    """Where the rider looks."""

    latitude: float = Field(ge=-90, le=90, examples=[37.7793])
    longitude: float = Field(ge=-180, le=180, examples=[-122.4193])


class NearbyDrivers(Answer):
    """About where free drivers are, nearest first."""

    items: list[BlurredPoint]


def nearby_drivers(message: ride_service_pb2.ListNearbyDriversResponse) -> NearbyDrivers:
    """Convert places."""
    return NearbyDrivers(
        items=[BlurredPoint(latitude=point.latitude, longitude=point.longitude) for point in message.points]
    )
