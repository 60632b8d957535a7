"""Callbacks of providers: posted by them, signed in a header, and handed on as raw bytes to who can tell.

They are no part of the public contract: who may call is proved by the signature, which only the service can judge. The
gate does not hold them up, so they are bounded here: those of a service that hangs leave the threads to trips.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore

from flask import Blueprint, Response, request
from opentelemetry.trace import SpanKind

from chassis.auth import Role
from chassis.deadlines import deadline
from chassis.telemetry import span_from
from rider_api.problems import Problem, ProblemError
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE
from rider_api.scopes import OPEN_SCOPE
from ridesharing.notification.v1 import delivery_service_pb2
from ridesharing.payment.v1 import webhook_service_pb2

MAX_CALLBACK_BYTES = 256 * 1024
_MAX_SIGNATURE_LENGTH = 2048
_MAX_SMS_SIGNATURE_LENGTH = 256
_SECONDS = 5.0
AT_ONCE = 16
"""Callbacks for one service that are worked on at a time: few of the threads that there are."""
_AGAIN_SECONDS = 5
_STRIPE_PATH = "/v1/callbacks/payments/stripe"
_SMS_PATH = "/v1/callbacks/notifications/sms"
_VOICE_PATH = "/v1/callbacks/notifications/voice"
_MAX_RECEIPT_BYTES = 16 * 1024


def make_blueprint() -> Blueprint:
    """Make the routes."""
    blueprint = Blueprint("callbacks", __name__)
    of_payment, of_notification = BoundedSemaphore(AT_ONCE), BoundedSemaphore(AT_ONCE)
    for path, receive, places in (
        (_STRIPE_PATH, receive_stripe_event, of_payment),
        (_SMS_PATH, receive_sms_receipt, of_notification),
        (_VOICE_PATH, receive_voice_receipt, of_notification),
    ):
        view = _few_at_once(receive, places)
        setattr(view, ROLES_ATTRIBUTE, frozenset({Role.ANONYMOUS}))
        setattr(view, SCOPE_ATTRIBUTE, OPEN_SCOPE)
        blueprint.add_url_rule(path, view_func=view, methods=["POST"])
    return blueprint


def _few_at_once(receive: Callable[[], Response], places: BoundedSemaphore) -> Callable[[], Response]:
    @wraps(receive)
    def view() -> Response:
        if not places.acquire(blocking=False):
            detail = "too many callbacks are worked on: post it again later"
            raise ProblemError(
                Problem(503, "callbacks_busy", detail, retryable=True, retry_after_seconds=_AGAIN_SECONDS)
            )
        try:
            return receive()
        finally:
            places.release()

    return view


def receive_stripe_event() -> Response:
    """Take in an event of the PSP: 200 when it is kept, 400 when it is not theirs, 503 when it should come again."""
    current = call()
    current.scope, current.seconds = _STRIPE_PATH, _SECONDS
    with (
        span_from(request.headers.get("traceparent", ""), f"POST {_STRIPE_PATH}", SpanKind.SERVER) as span,
        deadline(_SECONDS),
    ):
        current.trace_id = f"{span.get_span_context().trace_id:032x}"
        signature = request.headers.get("Stripe-Signature", "")
        payload = _payload(MAX_CALLBACK_BYTES)
        if not payload or len(signature) > _MAX_SIGNATURE_LENGTH:
            raise ProblemError(Problem(400, "invalid_signature", "this is not a signed event"))
        current.token = edge().signer.own_token()
        given = webhook_service_pb2.ReceivePspEventRequest(
            payload=payload, signature=signature, provider=webhook_service_pb2.PSP_PROVIDER_STRIPE
        )
        ask(edge().backends.psp_events.ReceivePspEvent, given)
    return Response(b"{}", mimetype="application/json")


def receive_sms_receipt() -> Response:
    """Take in what became of an SMS: 204 when it is kept, 401 when it is not the provider's, 503 to come again."""
    return _receive_receipt(_SMS_PATH)


def receive_voice_receipt() -> Response:
    """Take in how a call ended, with the same answers."""
    return _receive_receipt(_VOICE_PATH)


def _receive_receipt(path: str) -> Response:
    current = call()
    current.scope, current.seconds = path, _SECONDS
    with (
        span_from(request.headers.get("traceparent", ""), f"POST {path}", SpanKind.SERVER) as span,
        deadline(_SECONDS),
    ):
        current.trace_id = f"{span.get_span_context().trace_id:032x}"
        signature = request.headers.get("X-Twilio-Signature", "")
        form = _payload(_MAX_RECEIPT_BYTES)
        if not form or len(signature) > _MAX_SMS_SIGNATURE_LENGTH:
            raise ProblemError(Problem(400, "invalid_signature", "this is not a signed receipt"))
        current.token = edge().signer.own_token()
        given = delivery_service_pb2.ReceiveSmsReceiptRequest(form=form, signature=signature)
        ask(edge().backends.deliveries.ReceiveSmsReceipt, given)
    return Response(status=204)


def _payload(most_bytes: int) -> bytes:
    # One more than allowed: a body without a declared length is cut at the bound, without a word.
    request.max_content_length = most_bytes + 1
    payload = request.get_data(cache=False)
    if len(payload) > most_bytes:
        raise ProblemError(Problem(413, "body_too_large", f"a callback may have {most_bytes} bytes here"))
    return payload
