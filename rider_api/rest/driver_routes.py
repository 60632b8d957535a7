"""What drivers do: apply, go online, tell where they are, answer offers, drive."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import ride_version, versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.drivers import (
    AssignmentCancellation,
    Driver,
    DriverApplication,
    LocationAnswer,
    LocationBatch,
    Offer,
    OfferPath,
    Plan,
    TripStart,
    driver,
    location_answer,
    offer,
    plan,
)
from rider_api.schemas.payments import Earnings, earnings
from rider_api.schemas.ride_requests import RidePath, StopPath
from rider_api.schemas.rides import DriverRide, DriverRides, driver_ride
from ridesharing.identity.v1 import identity_service_pb2
from ridesharing.matching.v1 import driver_service_pb2, ride_service_pb2
from ridesharing.payment.v1 import payment_service_pb2

routes = Routes("driver", "Driving", area="driving")
_DRIVER = (Role.DRIVER,)


@routes.route(
    "POST",
    "/driver/application",
    roles=(Role.RIDER, Role.DRIVER),
    area="applications",
    answer=Driver,
    status=201,
    needs_key=True,
)
def submit_driver_application(body: DriverApplication) -> Driver:
    """Ask to drive with a vehicle."""
    request = identity_service_pb2.SubmitDriverApplicationRequest(
        request_id=call().key, display_name=body.display_name, vehicle=body.vehicle_message()
    )
    return driver(ask(edge().backends.identity.SubmitDriverApplication, request).driver)


@routes.route("GET", "/driver", roles=_DRIVER, answer=Driver, problems=(404,), urgency=Urgency.USUAL)
def read_driver() -> Driver:
    """Return the caller's standing as a driver."""
    request = identity_service_pb2.GetDriverRequest(driver_id=str(call().actor.account_id))
    return driver(ask(edge().backends.identity.GetDriver, request).driver)


@routes.route("POST", "/driver/locations", roles=_DRIVER, answer=LocationAnswer, urgency=Urgency.TRIP)
def report_locations(body: LocationBatch) -> LocationAnswer:
    """Take a batch of positions, oldest first."""
    request = driver_service_pb2.ReportLocationsRequest(pings=[item.message() for item in body.locations])
    return location_answer(ask(edge().backends.drivers.ReportLocations, request))


@routes.route("GET", "/driver/offers/current", roles=_DRIVER, answer=Offer, problems=(404,), urgency=Urgency.TRIP)
def read_current_offer() -> Offer:
    """Return the caller's open offer."""
    return offer(ask(edge().backends.drivers.GetCurrentOffer, driver_service_pb2.GetCurrentOfferRequest()).offer)


@routes.route(
    "POST",
    "/driver/offers/<offer_id>/accept",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404, 410),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def accept_offer(path: OfferPath) -> DriverRide:
    """Take the ride of an offer."""
    request = driver_service_pb2.AcceptOfferRequest(request_id=call().key, offer_id=str(path.offer_id))
    return driver_ride(ask(edge().backends.drivers.AcceptOffer, request).ride)


@routes.route(
    "POST", "/driver/offers/<offer_id>/decline", roles=_DRIVER, answer=Offer, problems=(404, 410), urgency=Urgency.TRIP
)
def decline_offer(path: OfferPath) -> Offer:
    """Refuse the ride of an offer; the caller is not asked for it again."""
    request = driver_service_pb2.DeclineOfferRequest(request_id=call().key, offer_id=str(path.offer_id))
    return offer(ask(edge().backends.drivers.DeclineOffer, request).offer)


@routes.route(
    "POST", "/driver/rides/<ride_id>/arrive", roles=_DRIVER, answer=DriverRide, problems=(404,), urgency=Urgency.TRIP
)
def arrive_at_pickup(path: RidePath) -> DriverRide:
    """Tell that the caller waits at the pickup."""
    request = driver_service_pb2.ArriveAtPickupRequest(request_id=call().key, ride_id=str(path.ride_id))
    return driver_ride(ask(edge().backends.drivers.ArriveAtPickup, request).ride)


@routes.route(
    "POST", "/driver/rides/<ride_id>/start", roles=_DRIVER, answer=DriverRide, problems=(404,), urgency=Urgency.TRIP
)
def start_trip(path: RidePath, body: TripStart) -> DriverRide:
    """Begin the trip with the PIN that the rider tells."""
    request = driver_service_pb2.StartTripRequest(request_id=call().key, ride_id=str(path.ride_id), start_pin=body.pin)
    return driver_ride(ask(edge().backends.drivers.StartTrip, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/stops/<stop_id>/reach",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    urgency=Urgency.TRIP,
)
def reach_stop(path: StopPath) -> DriverRide:
    """Tell that the caller waits at the next stop of the trip."""
    request = driver_service_pb2.ReachStopRequest(
        request_id=call().key, ride_id=str(path.ride_id), stop_id=str(path.stop_id)
    )
    return driver_ride(ask(edge().backends.drivers.ReachStop, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/stops/<stop_id>/leave",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    urgency=Urgency.TRIP,
)
def leave_stop(path: StopPath) -> DriverRide:
    """Tell that the trip goes on from a stop."""
    request = driver_service_pb2.LeaveStopRequest(
        request_id=call().key, ride_id=str(path.ride_id), stop_id=str(path.stop_id)
    )
    return driver_ride(ask(edge().backends.drivers.LeaveStop, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/complete",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def complete_trip(path: RidePath) -> DriverRide:
    """End the trip; the fare is collected after it."""
    request = driver_service_pb2.CompleteTripRequest(request_id=call().key, ride_id=str(path.ride_id))
    return driver_ride(ask(edge().backends.drivers.CompleteTrip, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/cancel",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def cancel_assignment(path: RidePath, body: AssignmentCancellation) -> DriverRide:
    """Give a ride back before the trip; another driver is looked for."""
    request = driver_service_pb2.CancelAssignmentRequest(
        request_id=call().key, ride_id=str(path.ride_id), reason=body.reason
    )
    return driver_ride(ask(edge().backends.drivers.CancelAssignment, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/no-show",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def report_no_show(path: RidePath) -> DriverRide:
    """End a ride whose rider did not come within the waiting time."""
    request = driver_service_pb2.ReportNoShowRequest(request_id=call().key, ride_id=str(path.ride_id))
    return driver_ride(ask(edge().backends.drivers.ReportNoShow, request).ride)


@routes.route("GET", "/driver/rides", roles=_DRIVER, answer=DriverRides)
def list_driver_rides(query: PageQuery) -> DriverRides:
    """Page through the caller's rides, newest first."""
    request = ride_service_pb2.ListRidesRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.rides.ListRides, request)
    return DriverRides(items=[driver_ride(ride) for ride in page.rides], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/driver/rides/current", roles=_DRIVER, answer=DriverRide, problems=(404,), urgency=Urgency.TRIP)
def read_current_driver_ride() -> DriverRide:
    """Return the caller's live ride."""
    return driver_ride(ask(edge().backends.rides.GetCurrentRide, ride_service_pb2.GetCurrentRideRequest()).ride)


@routes.route("GET", "/driver/rides/<ride_id>", roles=_DRIVER, answer=DriverRide, problems=(404,), urgency=Urgency.TRIP)
def read_driver_ride(path: RidePath) -> Reply | Response:
    """Return a ride that the caller drives or drove; with If-None-Match, 304 while it has not changed."""
    ride = ask(edge().backends.rides.GetRide, ride_service_pb2.GetRideRequest(ride_id=str(path.ride_id))).ride
    return versioned(driver_ride(ride), ride_version(ride))


@routes.route("GET", "/driver/plan", roles=_DRIVER, answer=Plan, problems=(404,), urgency=Urgency.TRIP)
def read_plan() -> Plan:
    """Return the stops that are left of the caller's ride, or of the rides that share the vehicle, in their order."""
    return plan(ask(edge().backends.drivers.GetPlan, driver_service_pb2.GetPlanRequest()))


@routes.route("GET", "/driver/earnings", roles=_DRIVER, area="earnings", answer=Earnings)
def read_earnings() -> Earnings:
    """Return what is owed to the caller, with the latest changes."""
    return earnings(ask(edge().backends.payments.GetEarnings, payment_service_pb2.GetEarningsRequest()))
