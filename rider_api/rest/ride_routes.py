"""What riders do with rides: ask for one, follow it, cancel it."""

from __future__ import annotations

from flask import Response, request
from pydantic import BaseModel

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.problems import Problem, ProblemError
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.cancellations import Cancellation, CancellationPreview, cancellation_preview
from rider_api.schemas.common import PageQuery
from rider_api.schemas.payments import Receipt, receipt
from rider_api.schemas.ride_requests import RidePath, RideRequest
from rider_api.schemas.rides import RideLocation, RiderRide, RiderRides, ScheduledRides, ride_location, rider_ride
from ridesharing.matching.v1 import ride_service_pb2, rides_pb2
from ridesharing.payment.v1 import payment_service_pb2

routes = Routes("rides", "Rides", area="rides")
_RIDER = (Role.RIDER,)
# The hold is placed within it: its outcome, when it comes soon, is in the answer.
_REQUEST_RIDE_SECONDS = 8.0
_VERSIONS_END = 2**63


def versioned(body: BaseModel, version: int | str) -> Reply | Response:
    """Answer with an ETag of the row's version, or 304 where the client has that version already."""
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
    known = request.if_none_match
    if known.contains(str(version)) or known.star_tag:
        return Response(status=304, headers={**headers, "ETag": f'"{version}"'})
    return Reply(body, {**headers, "ETag": f'"{version}"'})


def ride_version(ride: rides_pb2.Ride) -> int | str:
    """Return what tells two views of a ride apart: its version, and since when its driver is silent.

    Silence is the driver's device's and comes and goes without the ride changing.
    """
    if not ride.HasField("driver_silent_since_time"):
        return ride.version
    return f"{ride.version}-{ride.driver_silent_since_time.seconds}"


@routes.route(
    "POST",
    "/rides",
    roles=_RIDER,
    answer=RiderRide,
    status=201,
    problems=(402, 404),
    needs_key=True,
    seconds=_REQUEST_RIDE_SECONDS,
)
def request_ride(body: RideRequest) -> RiderRide:
    """Ask for the ride of a quote; the fare is held on the card or in the wallet, or is paid to the driver in cash."""
    message = ride_service_pb2.RequestRideRequest(
        request_id=call().key,
        quote_id=str(body.quote_id),
        payment_method_id="" if body.payment_method_id is None else str(body.payment_method_id),
        funding=body.funding_number(),
        note=body.note,
        accepted_detour_seconds=body.accepted_detour_seconds,
        delivery=None if body.delivery is None else body.delivery.message(),
        surge_consent_token=body.surge_consent_token or "",
    )
    return rider_ride(ask(edge().backends.rides.RequestRide, message).ride)


@routes.route("GET", "/rides", roles=_RIDER, answer=RiderRides)
def list_rides(query: PageQuery) -> RiderRides:
    """Page through the caller's rides, newest first."""
    message = ride_service_pb2.ListRidesRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.rides.ListRides, message)
    return RiderRides(items=[rider_ride(ride) for ride in page.rides], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/rides/scheduled", roles=_RIDER, answer=ScheduledRides)
def list_scheduled_rides() -> ScheduledRides:
    """Return the caller's rides that wait for their time, the next one first."""
    rides = ask(edge().backends.rides.ListScheduledRides, ride_service_pb2.ListScheduledRidesRequest()).rides
    return ScheduledRides(items=[rider_ride(ride) for ride in rides])


@routes.route("GET", "/rides/current", roles=_RIDER, answer=RiderRide, problems=(404,), urgency=Urgency.USUAL)
def read_current_ride() -> Reply | Response:
    """Return the caller's live ride."""
    ride = ask(edge().backends.rides.GetCurrentRide, ride_service_pb2.GetCurrentRideRequest()).ride
    # One address, many rides: the id is part of what the client may know already.
    return Reply(rider_ride(ride), {"Cache-Control": "no-store"})


@routes.route("GET", "/rides/<ride_id>", roles=_RIDER, answer=RiderRide, problems=(404,), urgency=Urgency.USUAL)
def read_ride(path: RidePath) -> Reply | Response:
    """Return one of the caller's rides; with If-None-Match, 304 while it has not changed."""
    ride = ask(edge().backends.rides.GetRide, ride_service_pb2.GetRideRequest(ride_id=str(path.ride_id))).ride
    return versioned(rider_ride(ride), ride_version(ride))


@routes.route(
    "GET", "/rides/<ride_id>/location", roles=_RIDER, answer=RideLocation, problems=(404, 409), urgency=Urgency.USUAL
)
def read_ride_location(path: RidePath) -> RideLocation:
    """Return where the driver of the caller's ride is."""
    message = ride_service_pb2.GetRideLocationRequest(ride_id=str(path.ride_id))
    return ride_location(ask(edge().backends.rides.GetRideLocation, message))


@routes.route("GET", "/rides/<ride_id>/receipt", roles=_RIDER, answer=Receipt, problems=(404, 409))
def read_receipt(path: RidePath) -> Receipt:
    """Return what the caller was charged for a ride."""
    message = payment_service_pb2.GetReceiptRequest(ride_id=str(path.ride_id))
    return receipt(ask(edge().backends.payments.GetReceipt, message).receipt)


@routes.route(
    "POST",
    "/rides/<ride_id>/cancellation-preview",
    roles=_RIDER,
    answer=CancellationPreview,
    problems=(404,),
    urgency=Urgency.DEFERRABLE,
)
def preview_cancellation(path: RidePath) -> CancellationPreview:
    """Tell what a cancel costs now, and the token that consents to it."""
    message = ride_service_pb2.PreviewCancellationRequest(ride_id=str(path.ride_id))
    return cancellation_preview(ask(edge().backends.rides.PreviewCancellation, message))


def expected_version() -> int:
    """Return the version that the client's If-Match names; 0 where it names none, or any."""
    given = request.if_match
    if not given or given.star_tag:
        return 0
    # Of a ride's ETag the part behind the version only says since when its driver is silent.
    versions = [text.partition("-")[0] for text in given.as_set()]
    if len(versions) != 1 or not versions[0].isdecimal() or not 0 < int(versions[0]) < _VERSIONS_END:
        raise ProblemError(Problem(412, "version_moved_on", "If-Match names no version of this object"))
    return int(versions[0])


@routes.route(
    "POST",
    "/rides/<ride_id>/cancel",
    roles=_RIDER,
    answer=RiderRide,
    problems=(404, 412),
    needs_key=True,
    takes_version=True,
    urgency=Urgency.TRIP,
)
def cancel_ride(path: RidePath, body: Cancellation) -> RiderRide:
    """End the caller's ride; a fee needs the token of its preview. With If-Match, only the version that it names."""
    message = ride_service_pb2.CancelRideRequest(
        request_id=call().key,
        ride_id=str(path.ride_id),
        fee_consent_token=body.fee_consent_token or "",
        reason=body.reason,
        expected_version=expected_version(),
    )
    return rider_ride(ask(edge().backends.rides.CancelRide, message).ride)
