"""Callbacks of providers: posted by them, signed in a header, and handed on as raw bytes to who can tell.

They are no part of the public contract: who may call is proved by the signature, which only payment_service can judge.
"""

from __future__ import annotations

from flask import Blueprint, Response, request
from opentelemetry.trace import SpanKind

from chassis.auth import Role
from chassis.deadlines import deadline
from chassis.telemetry import span_from
from rider_api.problems import Problem, ProblemError
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE
from rider_api.scopes import OPEN_SCOPE
from ridesharing.payment.v1 import webhook_service_pb2

MAX_CALLBACK_BYTES = 256 * 1024
_MAX_SIGNATURE_LENGTH = 2048
_SECONDS = 5.0
_STRIPE_PATH = "/v1/callbacks/payments/stripe"


def make_blueprint() -> Blueprint:
    """Make the routes."""
    blueprint = Blueprint("callbacks", __name__)
    setattr(receive_stripe_event, ROLES_ATTRIBUTE, frozenset({Role.ANONYMOUS}))
    setattr(receive_stripe_event, SCOPE_ATTRIBUTE, OPEN_SCOPE)
    blueprint.add_url_rule(_STRIPE_PATH, view_func=receive_stripe_event, methods=["POST"])
    return blueprint


def receive_stripe_event() -> Response:
    """Take in an event of the PSP: 200 when it is kept, 400 when it is not theirs, 503 when it should come again."""
    current = call()
    current.scope, current.seconds = _STRIPE_PATH, _SECONDS
    with (
        span_from(request.headers.get("traceparent", ""), f"POST {_STRIPE_PATH}", SpanKind.SERVER),
        deadline(_SECONDS),
    ):
        signature = request.headers.get("Stripe-Signature", "")
        payload = _payload()
        if not payload or len(signature) > _MAX_SIGNATURE_LENGTH:
            raise ProblemError(Problem(400, "invalid_signature", "this is not a signed event"))
        current.token = edge().signer.own_token()
        given = webhook_service_pb2.ReceivePspEventRequest(
            payload=payload, signature=signature, provider=webhook_service_pb2.PSP_PROVIDER_STRIPE
        )
        ask(edge().backends.psp_events.ReceivePspEvent, given)
    return Response(b"{}", mimetype="application/json")


def _payload() -> bytes:
    # One more than allowed: a body without a declared length is cut at the bound, without a word.
    request.max_content_length = MAX_CALLBACK_BYTES + 1
    payload = request.get_data(cache=False)
    if len(payload) > MAX_CALLBACK_BYTES:
        raise ProblemError(Problem(413, "body_too_large", f"an event may have {MAX_CALLBACK_BYTES} bytes"))
    return payload
