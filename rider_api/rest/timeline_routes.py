"""What became of messages, and trying again what was given up."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.timelines import (
    DeliveryPath,
    FailedDeliveries,
    LiftedSuppression,
    LiftedSuppressions,
    MessageDelivery,
    Providers,
    SuppressionLift,
    SuppressionQuery,
    Suppressions,
    Timeline,
    TimelineQuery,
    delivery,
    failed_delivery,
    lifted_suppression,
    provider_health,
    suppression,
    timeline_entry,
)
from ridesharing.notification.v1 import delivery_service_pb2 as pb
from ridesharing.notification.v1 import notifications_pb2

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


@routes.route("GET", "/operator/notifications/suppressions", roles=_OPERATOR, answer=Suppressions)
def list_suppressions(query: SuppressionQuery) -> Suppressions:
    """Page through numbers and mailboxes that are not written to any more, the latest first."""
    request = pb.ListSuppressionsRequest(
        account_id=_text(query.account_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.deliveries.ListSuppressions, request)
    return Suppressions(
        items=[suppression(each) for each in page.suppressions], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "POST",
    "/operator/notifications/suppressions/lift",
    roles=_OPERATOR,
    answer=LiftedSuppression,
    problems=(404,),
    needs_key=True,
)
def lift_suppression(body: SuppressionLift) -> LiftedSuppression:
    """Write to a person's number or mailbox again, from the next message on."""
    request = pb.LiftSuppressionRequest(
        request_id=call().key,
        account_id=str(body.account_id),
        channel=notifications_pb2.Channel.Value(f"CHANNEL_{body.channel.upper()}"),
        reason=body.reason,
    )
    return lifted_suppression(ask(edge().backends.deliveries.LiftSuppression, request).lifted)


@routes.route("GET", "/operator/notifications/lifted-suppressions", roles=_OPERATOR, answer=LiftedSuppressions)
def list_lifted_suppressions(query: SuppressionQuery) -> LiftedSuppressions:
    """Page through what operators lifted, and why, the latest first."""
    request = pb.ListLiftedSuppressionsRequest(
        account_id=_text(query.account_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.deliveries.ListLiftedSuppressions, request)
    return LiftedSuppressions(
        items=[lifted_suppression(each) for each in page.lifted], next_cursor=next_cursor(page.next_page_token)
    )


def _text(account_id: UUID | None) -> str:
    return "" if account_id is None else str(account_id)
