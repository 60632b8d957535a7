"""Links to rides, ratings after them, and the drivers around a rider."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.rate_limits import Pace
from rider_api.rest.routing import Routes
from rider_api.schemas.after_rides import (
    NearbyDrivers,
    NearbyQuery,
    Rating,
    RatingRequest,
    RatingSummary,
    SharedRide,
    ShareLink,
    SharePath,
    ShareTextsRequest,
    nearby_drivers,
    rating,
    rating_summary,
    share_link,
    shared_ride,
)
from rider_api.schemas.operators import DriverPath
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.wallets import RiderPath
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import rating_service_pb2, ride_service_pb2, share_service_pb2

routes = Routes("after_rides", "Links and ratings", area="rides")
_RIDER, _DRIVER, _OPERATOR = (Role.RIDER,), (Role.DRIVER,), (Role.OPERATOR,)


@routes.route("GET", "/nearby-drivers", roles=_RIDER, area="quotes", answer=NearbyDrivers)
def list_nearby_drivers(query: NearbyQuery) -> NearbyDrivers:
    """Return about where free drivers are around a place: eight at most, nearest first."""
    point = geo_point_pb2.GeoPoint(latitude=query.latitude, longitude=query.longitude)
    request = ride_service_pb2.ListNearbyDriversRequest(point=point)
    return nearby_drivers(ask(edge().backends.rides.ListNearbyDrivers, request))


@routes.route("POST", "/rides/<ride_id>/share-link", roles=_RIDER, answer=ShareLink, status=201, problems=(404,))
def make_share_link(path: RidePath) -> ShareLink:
    """Make a link by which anybody may follow the caller's ride; one that was made before ends."""
    request = share_service_pb2.ShareRideRequest(request_id=call().key, ride_id=str(path.ride_id))
    return share_link(ask(edge().backends.shares.ShareRide, request))


@routes.route(
    "POST", "/rides/<ride_id>/share-link/texts", roles=_RIDER, answer=ShareLink, status=201, problems=(404, 409)
)
def send_share_link(path: RidePath, body: ShareTextsRequest) -> ShareLink:
    """Make a link in place of the former one and send it to trusted contacts by SMS; five times a ride at most."""
    contact_ids = dict.fromkeys(str(contact_id) for contact_id in body.contact_ids)
    request = share_service_pb2.ShareRideRequest(
        request_id=call().key, ride_id=str(path.ride_id), contact_ids=contact_ids
    )
    return share_link(ask(edge().backends.shares.ShareRide, request))


@routes.route("DELETE", "/rides/<ride_id>/share-link", roles=_RIDER, answer=None, problems=(404,))
def revoke_share_link(path: RidePath) -> None:
    """End the link of the caller's ride."""
    ask(edge().backends.shares.RevokeShare, share_service_pb2.RevokeShareRequest(ride_id=str(path.ride_id)))


@routes.route(
    "GET",
    "/shared-rides/<token>",
    roles=(Role.ANONYMOUS,),
    pace=Pace.READ,
    answer=SharedRide,
    problems=(404,),
    urgency=Urgency.USUAL,
)
def read_shared_ride(path: SharePath) -> SharedRide:
    """Show a ride to who has its link: about where it is, and nothing of its rider."""
    request = share_service_pb2.GetSharedRideRequest(token=path.token)
    return shared_ride(ask(edge().backends.shares.GetSharedRide, request))


@routes.route("POST", "/rides/<ride_id>/rating", roles=_RIDER, answer=Rating, status=201, problems=(404,))
def rate_driver(path: RidePath, body: RatingRequest) -> Rating:
    """Rate the driver of a completed ride, once, within 30 days."""
    request = rating_service_pb2.RateRideRequest(ride_id=str(path.ride_id), stars=body.stars, comment=body.comment)
    return rating(ask(edge().backends.ratings.RateRide, request).rating)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/rating",
    roles=_DRIVER,
    area="driving",
    answer=Rating,
    status=201,
    problems=(404,),
)
def rate_rider(path: RidePath, body: RatingRequest) -> Rating:
    """Rate the rider of a completed ride, once, within 30 days."""
    request = rating_service_pb2.RateRideRequest(ride_id=str(path.ride_id), stars=body.stars, comment=body.comment)
    return rating(ask(edge().backends.ratings.RateRide, request).rating)


@routes.route("GET", "/me/rating", roles=(Role.RIDER, Role.DRIVER), area="account", answer=RatingSummary)
def read_own_rating() -> RatingSummary:
    """Return what others think of the caller, as a rider or as a driver."""
    return rating_summary(ask(edge().backends.ratings.GetRating, rating_service_pb2.GetRatingRequest()))


@routes.route(
    "GET", "/operator/drivers/<driver_id>/rating", roles=_OPERATOR, area="operate_drivers", answer=RatingSummary
)
def read_rating_of_driver(path: DriverPath) -> RatingSummary:
    """Return what riders think of a driver."""
    request = rating_service_pb2.GetRatingRequest(
        account_id=str(path.driver_id), rated_part=rating_service_pb2.RATED_PART_DRIVER
    )
    return rating_summary(ask(edge().backends.ratings.GetRating, request))


@routes.route("GET", "/operator/riders/<rider_id>/rating", roles=_OPERATOR, area="operate_rides", answer=RatingSummary)
def read_rating_of_rider(path: RiderPath) -> RatingSummary:
    """Return what drivers think of a rider."""
    request = rating_service_pb2.GetRatingRequest(
        account_id=str(path.rider_id), rated_part=rating_service_pb2.RATED_PART_RIDER
    )
    return rating_summary(ask(edge().backends.ratings.GetRating, request))
