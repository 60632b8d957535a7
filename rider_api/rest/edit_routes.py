"""What is changed of rides under way: by riders, by drivers who agree, by operators."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.edits import EditAnswer, EditPath, EditRequest, RideEdit, ride_edit
from rider_api.schemas.ride_requests import RidePath
from ridesharing.matching.v1 import driver_service_pb2, ride_service_pb2

routes = Routes("edits", "Edits of rides", area="rides")
_RIDER = (Role.RIDER,)
_DRIVER = (Role.DRIVER,)
_OPERATOR = (Role.OPERATOR,)
# The hold is raised within it: its outcome, when it comes soon, is in the answer.
_ACCEPT_SECONDS = 8.0


@routes.route(
    "POST", "/rides/<ride_id>/edits", roles=_RIDER, answer=RideEdit, status=201, problems=(404,), needs_key=True
)
def quote_edit(path: RidePath, body: EditRequest) -> RideEdit:
    """Tell what another way of the caller's ride costs; it is the ride's once it is accepted."""
    return _quote(path, body)


@routes.route(
    "GET", "/rides/<ride_id>/edits/<edit_id>", roles=_RIDER, answer=RideEdit, problems=(404,), urgency=Urgency.USUAL
)
def read_edit(path: EditPath) -> RideEdit:
    """Return an edit of the caller's ride."""
    return _read(path)


@routes.route(
    "POST",
    "/rides/<ride_id>/edits/<edit_id>/accept",
    roles=_RIDER,
    answer=RideEdit,
    problems=(404,),
    needs_key=True,
    seconds=_ACCEPT_SECONDS,
)
def accept_edit(path: EditPath) -> RideEdit:
    """Have the caller's ride go the way of an edit, at its price; the answer's state tells whether it does."""
    return _accept(path)


@routes.route(
    "GET",
    "/driver/rides/<ride_id>/edits/<edit_id>",
    roles=_DRIVER,
    area="driving",
    answer=RideEdit,
    problems=(404,),
    urgency=Urgency.USUAL,
)
def read_proposed_edit(path: EditPath) -> RideEdit:
    """Return an edit of the ride that the caller drives."""
    return _read(path)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/edits/<edit_id>/answer",
    roles=_DRIVER,
    area="driving",
    answer=RideEdit,
    problems=(404,),
    needs_key=True,
    seconds=_ACCEPT_SECONDS,
    urgency=Urgency.TRIP,
)
def answer_edit(path: EditPath, body: EditAnswer) -> RideEdit:
    """Agree to an edit that makes the trip much longer, or not: then it stays as it was."""
    request = driver_service_pb2.AnswerRideEditRequest(
        request_id=call().key, ride_id=str(path.ride_id), edit_id=str(path.edit_id), agreed=body.agreed
    )
    return ride_edit(ask(edge().backends.drivers.AnswerRideEdit, request).edit)


@routes.route(
    "POST",
    "/operator/rides/<ride_id>/edits",
    roles=_OPERATOR,
    area="operate_rides",
    answer=RideEdit,
    status=201,
    problems=(404,),
    needs_key=True,
)
def quote_edit_for_rider(path: RidePath, body: EditRequest) -> RideEdit:
    """Tell what another way of a ride costs."""
    return _quote(path, body)


@routes.route(
    "POST",
    "/operator/rides/<ride_id>/edits/<edit_id>/accept",
    roles=_OPERATOR,
    area="operate_rides",
    answer=RideEdit,
    problems=(404,),
    needs_key=True,
    seconds=_ACCEPT_SECONDS,
)
def accept_edit_for_rider(path: EditPath) -> RideEdit:
    """Have a ride go the way of an edit, in the name of its rider."""
    return _accept(path)


def _quote(path: RidePath, body: EditRequest) -> RideEdit:
    return ride_edit(ask(edge().backends.rides.QuoteRideEdit, body.message(call().key, path.ride_id)).edit)


def _read(path: EditPath) -> RideEdit:
    request = ride_service_pb2.GetRideEditRequest(ride_id=str(path.ride_id), edit_id=str(path.edit_id))
    return ride_edit(ask(edge().backends.rides.GetRideEdit, request).edit)


def _accept(path: EditPath) -> RideEdit:
    request = ride_service_pb2.AcceptRideEditRequest(
        request_id=call().key, ride_id=str(path.ride_id), edit_id=str(path.edit_id)
    )
    return ride_edit(ask(edge().backends.rides.AcceptRideEdit, request).edit)
