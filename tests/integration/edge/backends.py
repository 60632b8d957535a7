"""Services at the other end of real gRPC, for tests of the edge: they hold the contracts (access, validation, errors)
by the chassis' own interceptor, note what they are asked, and answer what the test has laid out."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast
from uuid import UUID, uuid5

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from chassis.auth import Actor, TokenVerifier, current_actor
from chassis.interceptors import ServiceInterceptor
from chassis.server import KEEPALIVE_OPTIONS
from ridesharing.common.v1 import dead_letter_service_pb2
from ridesharing.identity.v1 import (
    api_key_service_pb2,
    audit_service_pb2,
    document_service_pb2,
    federation_service_pb2,
    identity_service_pb2,
    mail_address_service_pb2,
    person_service_pb2,
    place_service_pb2,
    privacy_service_pb2,
    role_service_pb2,
    session_service_pb2,
)
from ridesharing.matching.v1 import (
    city_service_pb2,
    complaint_service_pb2,
    dispatch_operator_service_pb2,
    driver_service_pb2,
    fleet_service_pb2,
    map_service_pb2,
    mds_service_pb2,
    product_service_pb2,
    promotion_service_pb2,
    rating_service_pb2,
    ride_service_pb2,
    share_service_pb2,
)
from ridesharing.notification.v1 import (
    campaign_service_pb2,
    delivery_service_pb2,
    notification_service_pb2,
    reach_service_pb2,
    safety_service_pb2,
)
from ridesharing.notification.v1 import webhook_service_pb2 as notification_webhooks
from ridesharing.payment.v1 import (
    dispute_service_pb2,
    driver_account_service_pb2,
    payment_service_pb2,
    payout_service_pb2,
    reconciliation_service_pb2,
    refund_service_pb2,
    statement_service_pb2,
    wallet_service_pb2,
    webhook_service_pb2,
)

_NAMESPACE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_FILES = (
    identity_service_pb2,
    session_service_pb2,
    role_service_pb2,
    audit_service_pb2,
    person_service_pb2,
    mail_address_service_pb2,
    place_service_pb2,
    api_key_service_pb2,
    federation_service_pb2,
    privacy_service_pb2,
    document_service_pb2,
    ride_service_pb2,
    share_service_pb2,
    rating_service_pb2,
    driver_service_pb2,
    product_service_pb2,
    promotion_service_pb2,
    complaint_service_pb2,
    fleet_service_pb2,
    city_service_pb2,
    map_service_pb2,
    mds_service_pb2,
    dispatch_operator_service_pb2,
    payment_service_pb2,
    wallet_service_pb2,
    refund_service_pb2,
    dispute_service_pb2,
    payout_service_pb2,
    driver_account_service_pb2,
    statement_service_pb2,
    reconciliation_service_pb2,
    webhook_service_pb2,
    notification_service_pb2,
    reach_service_pb2,
    campaign_service_pb2,
    safety_service_pb2,
    notification_webhooks,
    delivery_service_pb2,
    dead_letter_service_pb2,
)
_TEXTS = {"currency_code": "USD", "next_page_token": "page-2", "start_pin": "4821", "document": "{}"}
NOW = Timestamp(seconds=1893456000)

Answer = Message | Exception | Callable[[Any], Message]


def contracts() -> list[ServiceDescriptor]:
    """All services of the contracts."""
    return [service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()]


def filled(message: Message, depth: int = 0) -> Message:
    """Fill a message with a plausible value in every field, one element in every list."""
    for field in message.DESCRIPTOR.fields:
        target = message
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(target, field.name)["name"] = "value"
        elif field.message_type is not None:
            inner = getattr(target, field.name).add() if field.is_repeated else getattr(target, field.name)
            if isinstance(inner, Timestamp):
                inner.CopyFrom(NOW)
            elif depth < 8:
                inner.SetInParent()
                filled(inner, depth + 1)
        elif field.is_repeated:
            getattr(target, field.name).append(_value(field))
        else:
            setattr(target, field.name, _value(field))
    return message


def _value(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.type == FieldDescriptor.TYPE_STRING:
        if field.name.endswith("_id") or field.name == "retry_of":
            return str(uuid5(_NAMESPACE, field.name))
        return _TEXTS.get(field.name, field.name)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return gzip.compress(b"{}") if field.name == "packed_document" else b"bytes"
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    return {"expire_month": 12}.get(field.name, 7)


class Backends:
    """One gRPC server that serves all contracts, in a thread with a loop of its own."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier
        self._methods = {f"/{m.containing_service.full_name}/{m.name}": m for s in contracts() for m in s.methods}
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, Any, Actor]] = []
        self.metadata: list[dict[str, str]] = []
        self.address = ""
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def start(self) -> None:
        """Serve; returns when it listens."""
        self._thread.start()
        if not self._started.wait(60):
            raise TimeoutError("the back ends did not start")

    def stop(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(60)
        self._loop.close()

    def reset(self) -> None:
        """Forget what was asked and laid out."""
        self.answers.clear()
        self.asked.clear()
        self.metadata.clear()

    def last(self, name: str) -> Any:
        """The last request to a method."""
        return next(request for method, request, _ in reversed(self.asked) if method == name)

    async def _serve(self) -> None:
        server = grpc.aio.server(interceptors=(ServiceInterceptor(self._verifier),), options=KEEPALIVE_OPTIONS)
        server.add_generic_rpc_handlers(tuple(self._handlers()))
        servicer: Any = getattr(health, "aio").HealthServicer()  # noqa: B009 (the type stubs do not know of it)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        self._started.set()
        await self._stopping.wait()
        await server.stop(0)

    def _handlers(self) -> Iterable[grpc.GenericRpcHandler]:
        for service in contracts():
            handlers = {method.name: self._handler(method) for method in service.methods if not method.client_streaming}
            yield grpc.method_handlers_generic_handler(service.full_name, handlers)

    def _handler(self, method: MethodDescriptor) -> Any:
        request_class = message_factory.GetMessageClass(method.input_type)
        answer_class = message_factory.GetMessageClass(method.output_type)

        async def behavior(request: Message, context: grpc.aio.ServicerContext[Any, Any]) -> Message:
            self.asked.append((method.name, request, current_actor()))
            pairs = cast("Iterable[tuple[str, str]]", context.invocation_metadata() or ())
            self.metadata.append({str(key): str(value) for key, value in pairs})
            answer = self.answers.get(method.name)
            if isinstance(answer, Exception):
                raise answer
            if callable(answer):
                return answer(request)
            return filled(answer_class()) if answer is None else answer

        return grpc.unary_unary_rpc_method_handler(
            behavior,
            request_deserializer=request_class.FromString,
            response_serializer=answer_class.SerializeToString,
        )
