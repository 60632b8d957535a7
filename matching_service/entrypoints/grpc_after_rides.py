"""ShareService and RatingService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from matching_service.domain.rating import RatedPart, Rating
from matching_service.entrypoints import wire, wire_rides
from matching_service.use_cases.rate_rides import RateRide, ReadRating
from matching_service.use_cases.share_rides import ReadSharedRide, SharedRide, ShareRide
from ridesharing.matching.v1 import (
    rating_service_pb2,
    rating_service_pb2_grpc,
    rides_pb2,
    share_service_pb2,
    share_service_pb2_grpc,
)
from shared_kernel.errors import FieldViolation, InvalidInput

SHARE_SERVICE = "ridesharing.matching.v1.ShareService"
RATING_SERVICE = "ridesharing.matching.v1.RatingService"

Context = grpc.aio.ServicerContext[Any, Any]

_PARTS = {
    rating_service_pb2.RATED_PART_RIDER: RatedPart.RIDER,
    rating_service_pb2.RATED_PART_DRIVER: RatedPart.DRIVER,
}
_NUMBERS = {part: number for number, part in _PARTS.items()}
_PART_OF_ROLE = {Role.RIDER: RatedPart.RIDER, Role.DRIVER: RatedPart.DRIVER}


class ShareServicer(share_service_pb2_grpc.ShareServiceServicer):
    """Links to rides."""

    def __init__(self, share: ShareRide, read: ReadSharedRide) -> None:
        self._share = share
        self._read = read

    async def ShareRide(
        self, request: share_service_pb2.ShareRideRequest, context: Context
    ) -> share_service_pb2.ShareRideResponse:
        contact_ids = [UUID(contact_id) for contact_id in request.contact_ids]
        token, expires_at = await self._share(
            request.request_id, current_actor().account_id, UUID(request.ride_id), contact_ids
        )
        return share_service_pb2.ShareRideResponse(token=token, expire_time=wire.timestamp(expires_at))

    async def RevokeShare(
        self, request: share_service_pb2.RevokeShareRequest, context: Context
    ) -> share_service_pb2.RevokeShareResponse:
        await self._share.revoke(UUID(request.ride_id), current_actor().account_id)
        return share_service_pb2.RevokeShareResponse()

    async def GetSharedRide(
        self, request: share_service_pb2.GetSharedRideRequest, context: Context
    ) -> share_service_pb2.GetSharedRideResponse:
        shown = await self._read(request.token)
        return share_service_pb2.GetSharedRideResponse(
            ride=_shared_message(shown), expire_time=wire.timestamp(shown.expires_at)
        )


class RatingServicer(rating_service_pb2_grpc.RatingServiceServicer):
    """Ratings after rides."""

    def __init__(self, rate: RateRide, read: ReadRating) -> None:
        self._rate = rate
        self._read = read

    async def RateRide(
        self, request: rating_service_pb2.RateRideRequest, context: Context
    ) -> rating_service_pb2.RateRideResponse:
        actor = current_actor()
        drives = actor.role is Role.DRIVER
        rating = await self._rate(
            UUID(request.ride_id),
            request.stars,
            request.comment,
            rider_id=None if drives else actor.account_id,
            driver_id=actor.account_id if drives else None,
        )
        return rating_service_pb2.RateRideResponse(rating=_rating_message(rating))

    async def GetRating(
        self, request: rating_service_pb2.GetRatingRequest, context: Context
    ) -> rating_service_pb2.GetRatingResponse:
        actor = current_actor()
        own = _PART_OF_ROLE.get(actor.role)
        if own is not None:
            found = await self._read(actor.account_id, own)
        else:
            found = await self._read(*_asked_about(request))
        return rating_service_pb2.GetRatingResponse(count=found.count, mean_milli_stars=found.mean_milli_stars)


def _asked_about(request: rating_service_pb2.GetRatingRequest) -> tuple[UUID, RatedPart]:
    part = _PARTS.get(request.rated_part)
    missing = [name for name, given in (("account_id", request.account_id), ("rated_part", part)) if not given]
    if part is None or missing:
        violations = [FieldViolation(name, "is required") for name in missing]
        raise InvalidInput("invalid_argument", "whose rating is asked for is not told", violations=violations)
    return UUID(request.account_id), part


def _rating_message(rating: Rating) -> rating_service_pb2.Rating:
    return rating_service_pb2.Rating(
        ride_id=str(rating.ride_id),
        rated_part=_NUMBERS[rating.rated_part],
        stars=rating.stars,
        comment=rating.comment,
        create_time=wire.timestamp(rating.created_at),
    )


def _shared_message(shown: SharedRide) -> share_service_pb2.SharedRide:
    ride = shown.ride
    message = share_service_pb2.SharedRide(
        state=wire_rides.RIDE_STATES[ride.state],
        pickup=wire.point_message(shown.pickup),
        dropoff=wire.point_message(shown.dropoff),
    )
    if ride.driver is not None:
        message.driver.CopyFrom(
            rides_pb2.DriverFacts(
                display_name=ride.driver.display_name,
                vehicle_model=ride.driver.vehicle_model,
                vehicle_color=ride.driver.vehicle_color,
                vehicle_plate=ride.driver.vehicle_plate,
            )
        )
    if shown.location is not None and shown.measured_at is not None:
        message.location.CopyFrom(wire.point_message(shown.location))
        message.measure_time.CopyFrom(wire.timestamp(shown.measured_at))
    if ride.started_at is not None:
        message.start_time.CopyFrom(wire.timestamp(ride.started_at))
    if ride.ended_at is not None:
        message.end_time.CopyFrom(wire.timestamp(ride.ended_at))
    return message
