"""Webhooks: where they are posted, and what became of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    EndpointId,
    Moment,
    OpenEnum,
    Parameters,
    Request,
    Timestamp,
    WebhookId,
    public_id,
    timestamp,
)
from ridesharing.notification.v1 import webhook_service_pb2

STATES = OpenEnum(webhook_service_pb2.WebhookState.items(), "WEBHOOK_STATE")
_Topic = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,63}$")]


class EndpointPath(Parameters):
    """Names an endpoint."""

    endpoint_id: EndpointId


class WebhookPath(Parameters):
    """Names a webhook."""

    webhook_id: WebhookId


class NewWebhookEndpoint(Request):
    """Where webhooks are to be posted."""

    url: Annotated[str, StringConstraints(min_length=8, max_length=2048)] = Field(
        examples=["https://hooks.example.org/jitney"], description="https, and a public address."
    )
    topics: list[_Topic] = Field(
        default=[],
        max_length=64,
        examples=[["ride_completed", "sos_raised"]],
        description="What it is to be told of; none: all.",
    )


class WebhookEndpoint(Answer):
    """Where webhooks are posted."""

    id: str = Field(examples=["wep_01h4556qpqexqvskwzpczs00jq"])
    url: str = Field(examples=["https://hooks.example.org/jitney"])
    topics: list[str]
    created_at: Timestamp
    disabled_because: str | None = Field(
        description="Why it is not posted to any more: `gone`, as it answered 410 itself."
    )


class NewWebhookEndpointAnswer(Answer):
    """An endpoint with its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str = Field(
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        description="What its webhooks are signed with, by the scheme of Standard Webhooks.",
    )


class WebhookEndpoints(Answer):
    """All of them, in the order of their making."""

    items: list[WebhookEndpoint]


class Webhook(Answer):
    """One message to one endpoint."""

    id: str = Field(examples=["whk_01h4556qpqexqvskwzpczs00jq"], description="Its `webhook-id`.")
    endpoint_id: str = Field(examples=["wep_01h4556qpqexqvskwzpczs00jq"])
    topic: str = Field(examples=["ride_completed"])
    state: str = Field(examples=["sent"])
    attempts: int
    status: int | None = Field(examples=[200], description="The last answer's.")
    error: str | None
    created_at: Timestamp
    next_at: Timestamp | None
    finished_at: Timestamp | None
    payload: str = Field(description="What is posted, in JSON.")


class Webhooks(Answer):
    """A page of them, newest first."""

    items: list[Webhook]
    next_cursor: str | None


class ReplayRequest(Request):
    """From when on what was not taken is posted again."""

    since: Moment


class Replayed(Answer):
    """How many are posted again."""

    count: int


def endpoint(message: webhook_service_pb2.WebhookEndpoint) -> WebhookEndpoint:
    """Convert an endpoint."""
    return WebhookEndpoint(
        id=public_id("wep", message.endpoint_id),
        url=message.url,
        topics=list(message.topics),
        created_at=timestamp(message.create_time),
        disabled_because=message.disabled_because or None,
    )


def webhook(message: webhook_service_pb2.Webhook) -> Webhook:
    """Convert a webhook."""
    return Webhook(
        id=public_id("whk", message.webhook_id),
        endpoint_id=public_id("wep", message.endpoint_id),
        topic=message.topic,
        state=STATES.text(message.state),
        attempts=message.attempts,
        status=message.status or None,
        error=message.error or None,
        created_at=timestamp(message.create_time),
        next_at=timestamp(message.next_time) if message.HasField("next_time") else None,
        finished_at=timestamp(message.finish_time) if message.HasField("finish_time") else None,
        payload=message.payload,
    )
