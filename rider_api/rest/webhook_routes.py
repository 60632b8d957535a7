"""Webhooks: endpoints of the operator's and of partners, and trying again what they did not take."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.webhooks import (
    EndpointPath,
    NewWebhookEndpoint,
    NewWebhookEndpointAnswer,
    Replayed,
    ReplayRequest,
    Webhook,
    WebhookEndpoints,
    WebhookPath,
    Webhooks,
    endpoint,
    webhook,
)
from ridesharing.notification.v1 import webhook_service_pb2 as pb

routes = Routes("webhooks", "Operating messages", area="operate_messages")
_OPERATOR = (Role.OPERATOR,)
_ENDPOINTS = "/operator/webhook-endpoints"
_ENDPOINT = f"{_ENDPOINTS}/<endpoint_id>"


@routes.route("GET", _ENDPOINTS, roles=_OPERATOR, answer=WebhookEndpoints)
def list_webhook_endpoints() -> WebhookEndpoints:
    """Return where webhooks are posted."""
    found = ask(edge().backends.webhooks.ListWebhookEndpoints, pb.ListWebhookEndpointsRequest())
    return WebhookEndpoints(items=[endpoint(each) for each in found.endpoints])


@routes.route("POST", _ENDPOINTS, roles=_OPERATOR, answer=NewWebhookEndpointAnswer, status=201)
def create_webhook_endpoint(body: NewWebhookEndpoint) -> NewWebhookEndpointAnswer:
    """Name an endpoint and get its secret, this once; twenty at most (`too_many_endpoints`)."""
    request = pb.CreateWebhookEndpointRequest(request_id=call().key, url=body.url, topics=body.topics)
    made = ask(edge().backends.webhooks.CreateWebhookEndpoint, request)
    return NewWebhookEndpointAnswer(endpoint=endpoint(made.endpoint), secret=made.secret)


@routes.route("DELETE", _ENDPOINT, roles=_OPERATOR, answer=None, problems=(404,))
def delete_webhook_endpoint(path: EndpointPath) -> None:
    """Post to an endpoint no more, and forget what it was owed."""
    ask(
        edge().backends.webhooks.DeleteWebhookEndpoint,
        pb.DeleteWebhookEndpointRequest(endpoint_id=str(path.endpoint_id)),
    )


@routes.route("GET", f"{_ENDPOINT}/webhooks", roles=_OPERATOR, answer=Webhooks)
def list_webhooks(path: EndpointPath, query: PageQuery) -> Webhooks:
    """Page through what an endpoint was owed in thirty days, newest first."""
    request = pb.ListWebhooksRequest(
        endpoint_id=str(path.endpoint_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.webhooks.ListWebhooks, request)
    return Webhooks(items=[webhook(each) for each in page.webhooks], next_cursor=next_cursor(page.next_page_token))


@routes.route("POST", f"{_ENDPOINT}/replay", roles=_OPERATOR, answer=Replayed)
def replay_failed_webhooks(path: EndpointPath, body: ReplayRequest) -> Replayed:
    """Post all again that an endpoint did not take since a time; one that said it was gone is taken up again."""
    request = pb.ReplayFailedWebhooksRequest(
        endpoint_id=str(path.endpoint_id), since_time=timestamp_message(body.since)
    )
    return Replayed(count=ask(edge().backends.webhooks.ReplayFailedWebhooks, request).count)


@routes.route("POST", "/operator/webhooks/<webhook_id>/replay", roles=_OPERATOR, answer=Webhook, problems=(404,))
def replay_webhook(path: WebhookPath) -> Webhook:
    """Post one again from the beginning, also one that was taken."""
    request = pb.ReplayWebhookRequest(webhook_id=str(path.webhook_id))
    return webhook(ask(edge().backends.webhooks.ReplayWebhook, request).webhook)
