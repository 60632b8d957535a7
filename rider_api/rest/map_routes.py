"""The way of a ride, and what operators see and do of travel times."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.maps import LearnedTravelTimes, RideRoute, TravelTimesQuery, learned_travel_times, ride_route
from rider_api.schemas.ride_requests import RidePath
from ridesharing.matching.v1 import map_service_pb2

routes = Routes("maps", "Maps and travel times", area="operate_maps")
_OPERATOR = (Role.OPERATOR,)
_CONCERNED = (Role.RIDER, Role.DRIVER, Role.OPERATOR)


@routes.route("GET", "/rides/<ride_id>/route", roles=_CONCERNED, area="maps", answer=RideRoute, problems=(404, 409))
def read_ride_route(path: RidePath) -> RideRoute:
    """Tell the way of a live ride that is still to be driven, from where the driver is."""
    request = map_service_pb2.GetRideRouteRequest(ride_id=str(path.ride_id))
    return ride_route(ask(edge().backends.maps.GetRideRoute, request))


@routes.route("GET", "/operator/travel-times", roles=_OPERATOR, answer=LearnedTravelTimes)
def list_travel_times(query: TravelTimesQuery) -> LearnedTravelTimes:
    """Tell what completed trips taught of travel times, newest first."""
    request = map_service_pb2.ListTravelTimesRequest(page_size=query.limit)
    return learned_travel_times(ask(edge().backends.maps.ListTravelTimes, request))


@routes.route("POST", "/operator/travel-times/lessons", roles=_OPERATOR, answer=None, urgency=Urgency.DEFERRABLE)
def learn_travel_times() -> None:
    """Have travel times learned now; the list tells when it is done. With fewer than 200 trips nothing is learned."""
    ask(edge().backends.maps.LearnTravelTimes, map_service_pb2.LearnTravelTimesRequest())
