"""The dispatcher's desk: rides for people who call, and rides that need another driver."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.quote_routes import quotes_request
from rider_api.rest.routing import Routes
from rider_api.schemas.desk import Booking, Guest, GuestQuoteRequest, GuestRegistration, Reassignment, guest
from rider_api.schemas.quotes import Quotes, quotes
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.rides import OperatorRide, operator_ride
from ridesharing.identity.v1 import person_service_pb2
from ridesharing.matching.v1 import dispatch_operator_service_pb2, ride_service_pb2, rides_pb2

routes = Routes("desk", "Operating", area="operate_rides")
_OPERATOR = (Role.OPERATOR,)
_REQUEST_RIDE_SECONDS = 8.0


@routes.route("POST", "/operator/guests", roles=_OPERATOR, area="operate_people", answer=Guest, problems=(403,))
def register_guest(body: GuestRegistration) -> Guest:
    """Return the account of somebody who calls, made now where the number has none."""
    request = person_service_pb2.RegisterGuestRequest(
        phone_number=body.phone_number, display_name=body.display_name, locale=body.locale or ""
    )
    return guest(ask(edge().backends.people.RegisterGuest, request))


@routes.route("POST", "/operator/quotes", roles=_OPERATOR, answer=Quotes, status=201, urgency=Urgency.DEFERRABLE)
def create_quotes_for_guest(body: GuestQuoteRequest) -> Quotes:
    """Promise somebody who calls a price for each product, until it expires."""
    request = quotes_request(body)
    request.rider_id = str(body.rider_id)
    return quotes(ask(edge().backends.rides.CreateQuotes, request))


@routes.route(
    "POST",
    "/operator/bookings",
    roles=_OPERATOR,
    answer=OperatorRide,
    status=201,
    problems=(404,),
    needs_key=True,
    seconds=_REQUEST_RIDE_SECONDS,
)
def book_ride(body: Booking) -> OperatorRide:
    """Ask for the ride of a quote for somebody who calls; it is paid to the driver in cash."""
    request = ride_service_pb2.RequestRideRequest(
        request_id=call().key,
        rider_id=str(body.rider_id),
        quote_id=str(body.quote_id),
        funding=rides_pb2.FUNDING_CASH,
        note=body.note,
        surge_consent_token=body.surge_consent_token or "",
        accepted_detour_seconds=body.accepted_detour_seconds,
    )
    return operator_ride(ask(edge().backends.rides.RequestRide, request).ride)


@routes.route(
    "POST", "/operator/rides/<ride_id>/reassign", roles=_OPERATOR, answer=OperatorRide, problems=(404,), needs_key=True
)
def reassign_ride(path: RidePath, body: Reassignment) -> OperatorRide:
    """Take a ride from its driver before the trip, and look for another at the same fare."""
    request = dispatch_operator_service_pb2.ReassignRideRequest(
        request_id=call().key, ride_id=str(path.ride_id), reason=body.reason
    )
    return operator_ride(ask(edge().backends.dispatch.ReassignRide, request).ride)
