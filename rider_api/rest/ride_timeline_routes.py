"""A ride's story over all services."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.ride_timelines import RideTimeline, ride_timeline
from ridesharing.matching.v1 import dispatch_operator_service_pb2
from ridesharing.notification.v1 import delivery_service_pb2
from ridesharing.payment.v1 import statement_service_pb2
from shared_kernel.errors import NotFound

routes = Routes("ride_timeline", "Operating", area="ride_stories")
_HELPERS = (Role.SUPPORT, Role.OPERATOR)


@routes.route("GET", "/operator/rides/<ride_id>/timeline", roles=_HELPERS, answer=RideTimeline, problems=(404,))
def read_ride_timeline(path: RidePath) -> RideTimeline:
    """Tell all that happened to a ride, over all services in the order of time: moves, offers, money and messages."""
    ride_id, backends = str(path.ride_id), edge().backends
    history = ask(
        backends.dispatch.GetRideHistory, dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride_id)
    )
    return ride_timeline(
        history,
        _payment_story(ride_id),
        ask(backends.deliveries.ListRideMessages, delivery_service_pb2.ListRideMessagesRequest(ride_id=ride_id)),
    )


def _payment_story(ride_id: str) -> statement_service_pb2.GetPaymentStoryResponse | None:
    """Return what payment knows; None where no money was asked for yet."""
    request = statement_service_pb2.GetPaymentStoryRequest(payment_or_ride_id=ride_id)
    try:
        return ask(edge().backends.statements.GetPaymentStory, request)
    except NotFound:
        return None
