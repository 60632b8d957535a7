"""WebhookService over gRPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.webhooks import Endpoint, WebhookState
from notification_service.entrypoints.times import moment_from, timestamp, timestamp_or_none
from notification_service.use_cases.keep_webhooks import KeepWebhooks
from notification_service.use_cases.webhook_ports import WebhookStory
from ridesharing.notification.v1 import webhook_service_pb2 as pb
from ridesharing.notification.v1 import webhook_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.WebhookService"
_Context = grpc.aio.ServicerContext[Any, Any]
_STATES = {state: pb.WebhookState.Value(f"WEBHOOK_STATE_{state.name}") for state in WebhookState}


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Endpoints and what they were owed."""

    def __init__(self, keep: KeepWebhooks, stir: Callable[[], None]) -> None:
        """Take the use case, and what tells the worker that something changed."""
        self._keep = keep
        self._stir = stir

    async def CreateWebhookEndpoint(
        self, request: pb.CreateWebhookEndpointRequest, context: _Context
    ) -> pb.CreateWebhookEndpointResponse:
        endpoint = await self._keep.add(
            request.url, request.topics, created_by=current_actor().subject, request_id=request.request_id
        )
        self._stir()
        return pb.CreateWebhookEndpointResponse(endpoint=_endpoint(endpoint), secret=endpoint.secret)

    async def ListWebhookEndpoints(
        self, request: pb.ListWebhookEndpointsRequest, context: _Context
    ) -> pb.ListWebhookEndpointsResponse:
        return pb.ListWebhookEndpointsResponse(endpoints=map(_endpoint, await self._keep.all()))

    async def DeleteWebhookEndpoint(
        self, request: pb.DeleteWebhookEndpointRequest, context: _Context
    ) -> pb.DeleteWebhookEndpointResponse:
        await self._keep.remove(UUID(request.endpoint_id))
        return pb.DeleteWebhookEndpointResponse()

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, context: _Context) -> pb.ListWebhooksResponse:
        found, token = await self._keep.stories(UUID(request.endpoint_id), request.page_size, request.page_token)
        return pb.ListWebhooksResponse(webhooks=map(_webhook, found), next_page_token=token)

    async def ReplayWebhook(self, request: pb.ReplayWebhookRequest, context: _Context) -> pb.ReplayWebhookResponse:
        replayed = await self._keep.replay(UUID(request.webhook_id))
        self._stir()
        return pb.ReplayWebhookResponse(webhook=_webhook(replayed))

    async def ReplayFailedWebhooks(
        self, request: pb.ReplayFailedWebhooksRequest, context: _Context
    ) -> pb.ReplayFailedWebhooksResponse:
        since = moment_from(request.since_time, "since_time")
        count = await self._keep.replay_failed(UUID(request.endpoint_id), since)
        self._stir()
        return pb.ReplayFailedWebhooksResponse(count=count)


def _endpoint(endpoint: Endpoint) -> pb.WebhookEndpoint:
    return pb.WebhookEndpoint(
        endpoint_id=str(endpoint.endpoint_id),
        url=endpoint.url,
        topics=sorted(endpoint.topics),
        create_time=timestamp(endpoint.created_at),
        disabled_because=endpoint.disabled_because,
    )


def _webhook(story: WebhookStory) -> pb.Webhook:
    pending = story.state is WebhookState.PENDING
    return pb.Webhook(
        webhook_id=str(story.webhook_id),
        endpoint_id=str(story.endpoint_id),
        topic=story.topic,
        state=_STATES[story.state],
        attempts=story.attempts,
        status=story.status,
        error=story.error,
        create_time=timestamp(story.created_at),
        next_time=timestamp(story.next_attempt_at) if pending else None,
        finish_time=timestamp_or_none(story.finished_at),
        payload=story.payload,
    )
