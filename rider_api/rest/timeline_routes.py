"""What became of messages, and trying again what was given up."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.timelines import (
    DeliveryPath,
    FailedDeliveries,
    MessageDelivery,
    Providers,
    Timeline,
    TimelineQuery,
    delivery,
    failed_delivery,
    provider_health,
    timeline_entry,
)
from ridesharing.notification.v1 import delivery_service_pb2 as pb

routes = Routes("timeline", "Operating messages", area="operate_messages")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/notifications/timeline", roles=_OPERATOR, answer=Timeline)
def list_timeline(query: TimelineQuery) -> Timeline:
    """Page through all that a person was owed: how it was sent, what came back, why it was dropped."""
    request = pb.ListTimelineRequest(
        account_id=str(query.account_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.deliveries.ListTimeline, request)
    return Timeline(
        items=[timeline_entry(each) for each in page.entries], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/notifications/failed-deliveries", roles=_OPERATOR, answer=FailedDeliveries)
def list_failed_deliveries(query: PageQuery) -> FailedDeliveries:
    """Page through deliveries that were given up, the latest first."""
    request = pb.ListFailedDeliveriesRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.deliveries.ListFailedDeliveries, request)
    return FailedDeliveries(
        items=[failed_delivery(each) for each in page.deliveries], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "POST",
    "/operator/notifications/deliveries/<delivery_id>/replay",
    roles=_OPERATOR,
    answer=MessageDelivery,
    problems=(404,),
)
def replay_delivery(path: DeliveryPath) -> MessageDelivery:
    """Try a failed delivery again from the beginning."""
    request = pb.ReplayDeliveryRequest(delivery_id=str(path.delivery_id))
    return delivery(ask(edge().backends.deliveries.ReplayDelivery, request).delivery)


@routes.route("GET", "/operator/notifications/providers", roles=_OPERATOR, answer=Providers)
def list_providers() -> Providers:
    """Return how the providers of messages stood at their last change."""
    found = ask(edge().backends.deliveries.ListProviders, pb.ListProvidersRequest())
    return Providers(items=[provider_health(each) for each in found.providers])
