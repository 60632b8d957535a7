"""The server interceptor: telemetry, metrics, deadline, access, validation and errors around every RPC.

One interceptor instead of six: grpc.aio walks the chain for each call and wraps the handler anew at each link, which
costs more than the work itself. The wrapped handler is made once a method and kept.

Requests are decoded here and not by grpc, which answers UNKNOWN with the name of a Python class to bytes that are no
message, even to callers without a token. Requests of streams are to be read by iterating (`async for`);
`context.read()` would give bytes.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import Span, StatusCode

from chassis.access import admit, is_open
from chassis.auth import TokenVerifier, set_current_actor
from chassis.deadlines import set_deadline
from chassis.metrics import RPC_HANDLED, RPC_IN_FLIGHT, RPC_SECONDS
from chassis.places import OVERLOADED, Places
from chassis.status import DETAILS_KEY, to_status
from chassis.telemetry import start_server_span
from chassis.urgency import urgency_of
from chassis.validation import parse, validate_on_arrival
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)
_NO_RETRY = ("grpc-retry-pushback-ms", "-1")
"""What a server says to the retries of a channel (gRPC proposal A6)."""
_CODES = {cast("int", code.value[0]): code for code in grpc.StatusCode}

if TYPE_CHECKING:  # generic in the stubs alone
    Context = grpc.aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]
else:
    Context = grpc.aio.ServicerContext
    Handler = grpc.RpcMethodHandler
Behavior = Callable[[Any, Context], Any]
Decoder = Callable[[bytes], Message]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long a unary call may take: without a deadline of the client's, and at most. Streams live until closed."""

    default_seconds: float = 10.0
    most_seconds: float = 60.0


class ServiceInterceptor(grpc.aio.ServerInterceptor):
    """Stands around every RPC of a service."""

    def __init__(
        self, verifier: TokenVerifier, limits: CallLimits = CallLimits(), places: Places | None = None
    ) -> None:
        """Make it; without places, calls are let in however many there are."""
        self._verifier = verifier
        self._limits = limits
        self._places = places
        self._handlers: dict[str, tuple[Handler, Handler]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method = str(handler_call_details.method)
        handler = await continuation(handler_call_details)
        known = self._handlers.get(method)
        if known is not None and known[0] is handler:
            return known[1]
        # No handler: there is no such method, and grpc answers UNIMPLEMENTED. Not kept: clients choose the names.
        if handler is None or is_open(method):
            return handler
        wrapped = self._wrap(method, handler)
        self._handlers[method] = (handler, wrapped)
        return wrapped

    def _wrap(self, method: str, handler: Handler) -> Handler:
        streamed = bool(handler.request_streaming)
        kind = f"{'stream' if streamed else 'unary'}_{'stream' if handler.response_streaming else 'unary'}"
        behavior: Behavior = getattr(handler, kind)
        decode = _decoder(handler)
        make: Any = getattr(grpc, f"{kind}_rpc_method_handler")
        if not handler.response_streaming:
            wrapped = self._answering_once(method, behavior, decode, streamed)
        elif inspect.isasyncgenfunction(behavior):
            wrapped = self._answering_by_yield(method, behavior, decode, streamed)
        else:
            wrapped = self._answering_once(method, behavior, decode, streamed, bounded=False)
        return make(wrapped, response_serializer=handler.response_serializer)

    def _answering_once(
        self, method: str, behavior: Behavior, decode: Decoder, streamed: bool, bounded: bool = True
    ) -> Behavior:
        limits = self._limits
        bounded = bounded and not streamed
        urgency = urgency_of(method)
        # A stream takes no place: it may live for hours.
        places = self._places if bounded else None

        async def answer(request: Any, context: Context) -> Any:
            call = _Call(method, context)
            placed = False
            try:
                if places is not None:
                    places.take(urgency)
                    placed = True
                request = self._enter(call, request, context, decode, streamed)
                remaining = cast("float | None", context.time_remaining())
                if not bounded or (remaining is not None and remaining <= limits.most_seconds):
                    # The client's own deadline: gRPC cancels the handler when it passes.
                    set_deadline(remaining)
                    response = await behavior(request, context)
                else:
                    seconds = limits.default_seconds if remaining is None else min(remaining, limits.most_seconds)
                    set_deadline(seconds)
                    async with asyncio.timeout(seconds):
                        response = await behavior(request, context)
            except BaseException as error:
                await call.fail(error)
                raise
            finally:
                if placed and places is not None:
                    places.leave()
            call.end(_code_set_by(context))
            return response

        return answer

    def _answering_by_yield(self, method: str, behavior: Behavior, decode: Decoder, streamed: bool) -> Behavior:
        async def answer(request: Any, context: Context) -> AsyncIterator[Any]:
            call = _Call(method, context)
            try:
                request = self._enter(call, request, context, decode, streamed)
                set_deadline(context.time_remaining())
                async for response in behavior(request, context):
                    yield response
            except BaseException as error:
                await call.fail(error)
                raise
            call.end(_code_set_by(context))

        return answer

    def _enter(self, call: _Call, request: Any, context: Context, decode: Decoder, streamed: bool) -> Any:
        metadata = context.invocation_metadata() or ()
        call.start(metadata)
        set_current_actor(admit(call.method, metadata, self._verifier))
        if streamed:
            return _decoded(request, decode)
        message = decode(request)
        call.show(message)
        return message


class _Call:
    """What is measured and told of one RPC.

    Contexts (span, actor, deadline) are set and never reset: grpc.aio runs each RPC in a task of its own, and resetting
    from a generator that is closed by another task would fail.
    """

    __slots__ = ("_begun", "_context", "_ended", "_span", "method")

    def __init__(self, method: str, context: Context) -> None:
        self.method = method
        self._context = context
        self._begun = time.perf_counter()
        self._span: Span | None = None
        self._ended = False
        RPC_IN_FLIGHT.inc()

    def start(self, metadata: object) -> None:
        traceparent = ""
        for key, value in cast("tuple[tuple[str, str], ...]", metadata):
            if key == "traceparent":
                traceparent = str(value)
        span = start_server_span(traceparent, self.method[1:])
        if span.is_recording():
            span.set_attribute("rpc.system.name", "grpc")
            span.set_attribute("rpc.method", self.method[1:])
        self._span = span

    def show(self, message: Message) -> None:
        """Let the span tell which ride the call is about, where its request names one."""
        span = self._span
        if span is not None and span.is_recording() and (ride_id := getattr(message, "ride_id", "")):
            span.set_attribute("jitney.ride_id", str(ride_id))

    async def fail(self, error: BaseException) -> None:
        """Tell the client of an error; raises what ends the RPC, or returns for the caller to re-raise the error."""
        if isinstance(error, DomainError):
            await self._abort(error)
        elif isinstance(error, grpc.aio.AbortError):
            self.end(_code_set_by(self._context))
        elif isinstance(error, TimeoutError):
            _log.warning("a call took longer than it may", extra={"method": self.method})
            self.end(grpc.StatusCode.DEADLINE_EXCEEDED)
            await self._context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the call took longer than it may")
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):
            self.end(grpc.StatusCode.CANCELLED)
        elif isinstance(error, Exception):
            _log.exception("a call failed unexpectedly", extra={"method": self.method}, exc_info=error)
            self.end(grpc.StatusCode.INTERNAL, error)
            await self._context.abort(grpc.StatusCode.INTERNAL, "something went wrong here")
        else:
            self.end(grpc.StatusCode.INTERNAL)

    async def _abort(self, error: DomainError) -> None:
        status = to_status(error)
        code = _CODES[status.code]
        self.end(code)
        trailers: tuple[tuple[str, str | bytes], ...] = ((DETAILS_KEY, status.SerializeToString()),)
        if error.reason == OVERLOADED:
            # Channels retry UNAVAILABLE by themselves, at once: more load is what there is too much of.
            trailers += (_NO_RETRY,)
        await self._context.abort(code, error.message, trailers)

    def end(self, code: grpc.StatusCode, error: Exception | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        RPC_IN_FLIGHT.dec()
        RPC_HANDLED.labels(self.method, code.name).inc()
        RPC_SECONDS.labels(self.method).observe(time.perf_counter() - self._begun)
        span = self._span
        if span is not None:
            if span.is_recording():
                span.set_attribute("rpc.response.status_code", code.name)
                if error is not None:
                    span.set_status(StatusCode.ERROR, type(error).__name__)
            span.end()


def _decoder(handler: Handler) -> Decoder:
    deserialize = cast("Decoder", handler.request_deserializer)

    def decode(raw: bytes) -> Message:
        message = parse(deserialize, raw)
        validate_on_arrival(message)
        return message

    return decode


async def _decoded(requests: AsyncIterator[bytes], decode: Decoder) -> AsyncIterator[Message]:
    async for request in requests:
        yield decode(request)


def _code_set_by(context: Context) -> grpc.StatusCode:
    # Untouched, a context says 0 as a number; set by the servicer, it says what was set.
    code = cast("Any", context).code()
    return code if isinstance(code, grpc.StatusCode) else _CODES.get(code or 0, grpc.StatusCode.UNKNOWN)
