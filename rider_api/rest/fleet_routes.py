"""What operators watch: the fleet on the map, and the pulse of it all."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.fleet import Fleet, FleetQuery, Pulse, PulseQuery, TripAlerts, fleet, pulse, trip_alert
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import fleet_service_pb2

routes = Routes("fleet", "Operating", area="operate_rides")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/fleet", roles=_OPERATOR, answer=Fleet)
def read_fleet(query: FleetQuery) -> Fleet:
    """Return the vehicles on shift, the live rides and the open offers in a box on the map."""
    request = fleet_service_pb2.GetFleetRequest(
        southwest=geo_point_pb2.GeoPoint(latitude=query.south, longitude=query.west),
        northeast=geo_point_pb2.GeoPoint(latitude=query.north, longitude=query.east),
        vehicle_limit=query.vehicle_limit,
        ride_limit=query.ride_limit,
    )
    return fleet(ask(edge().backends.fleet.GetFleet, request))


@routes.route("GET", "/operator/pulse", roles=_OPERATOR, answer=Pulse)
def read_pulse(query: PulseQuery) -> Pulse:
    """Count drivers, rides and offers as they stand, and what rides came to since a time, step by step."""
    request = fleet_service_pb2.GetPulseRequest(
        since_time=timestamp_message(query.since), step_seconds=query.step_seconds
    )
    return pulse(ask(edge().backends.fleet.GetPulse, request))


@routes.route("GET", "/operator/trip-alerts", roles=_OPERATOR, answer=TripAlerts, urgency=Urgency.USUAL)
def list_trip_alerts(query: PageQuery) -> TripAlerts:
    """Page through trips that left their way or stood still, as their riders were asked, newest first."""
    request = fleet_service_pb2.ListTripAlertsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.fleet.ListTripAlerts, request)
    return TripAlerts(items=[trip_alert(each) for each in page.alerts], next_cursor=next_cursor(page.next_page_token))
