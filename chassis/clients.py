"""Channels to other services: retries on UNAVAILABLE by service config, deadlines, identity and traces passed along.

The channels are wrapped rather than given interceptors: an intercepted call in grpc.aio is a task of its own and costs
about as much again as the call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import grpc
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from chassis.auth import TokenSigner
from chassis.deadlines import DEFAULT_CALL_SECONDS, call_timeout
from chassis.metrics import CLIENT_HANDLED, CLIENT_SECONDS
from chassis.telemetry import traceparent_of, tracer

T = TypeVar("T")
Metadata = tuple[tuple[str, str | bytes], ...]
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024

SERVICE_CONFIG: Mapping[str, Any] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                # UNAVAILABLE alone says that nothing was done; after anything else the caller has to ask.
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    # Retries stop while more than half of the calls fail, so that they do not keep a struggling service down.
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    # A service that comes back is found within a second or two, not after C-core's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


def open_channel(target: str, signer: TokenSigner | None = None) -> grpc.aio.Channel:
    """Open a channel for asyncio, on the running loop. With a signer, calls carry this service's own token."""
    return _Channel(grpc.aio.insecure_channel(target, options=_OPTIONS), signer)


def open_sync_channel(target: str, signer: TokenSigner | None = None) -> grpc.Channel:
    """Open a channel for threads; make it after a worker process has started, never before a fork."""
    return _SyncChannel(grpc.insecure_channel(target, options=_OPTIONS), signer)


def forward_token(token: str) -> Metadata:
    """Return the metadata of a call in somebody else's name: `stub.GetRide(request, metadata=forward_token(token))`."""
    return (("authorization", f"Bearer {token}"),)


class _Outgoing:
    """What one call adds, and what is measured of it."""

    __slots__ = ("_begun", "_method", "_span", "metadata", "timeout")

    def __init__(
        self,
        method: str,
        given: Iterable[tuple[str, str | bytes]] | None,
        timeout: float | None,
        signer: TokenSigner | None,
    ) -> None:
        self._method = method
        self._begun = time.perf_counter()
        self.timeout = timeout
        metadata = tuple(given or ())
        if signer is not None and all(key != "authorization" for key, _ in metadata):
            metadata += forward_token(signer.own_token())
        current = trace.get_current_span()
        self._span: Span | None = None
        if current.is_recording():
            self._span = tracer().start_span(method[1:], kind=SpanKind.CLIENT)
            current = self._span
        traceparent = traceparent_of(current.get_span_context())
        self.metadata: Metadata = (*metadata, ("traceparent", traceparent)) if traceparent else metadata

    def end(self, code: grpc.StatusCode) -> None:
        CLIENT_HANDLED.labels(self._method, code.name).inc()
        CLIENT_SECONDS.labels(self._method).observe(time.perf_counter() - self._begun)
        if self._span is not None:
            self._span.set_attribute("rpc.response.status_code", code.name)
            if code is not grpc.StatusCode.OK:
                self._span.set_status(StatusCode.ERROR, code.name)
            self._span.end()

    def ended(self, call: Any) -> None:
        """Called by grpc.aio when the call is over, with the code at hand."""
        status = getattr(getattr(call, "_cython_call", None), "_status", None)
        self.end(_code(status.code()) if status is not None else grpc.StatusCode.CANCELLED)


class _Callable:
    """An RPC as a stub's attribute; unary answers get the default deadline, streams only an inherited one."""

    __slots__ = ("_default", "_inner", "_method", "_signer")

    def __init__(self, inner: Any, method: str, signer: TokenSigner | None, default: float | None) -> None:
        self._inner = inner
        self._method = method
        self._signer = signer
        self._default = default

    def _outgoing(self, metadata: Any, timeout: float | None) -> _Outgoing:
        return _Outgoing(self._method, metadata, call_timeout(timeout, default=self._default), self._signer)


class _AioCallable(_Callable):
    __slots__ = ()

    def __call__(
        self, request: Any = None, *, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        outgoing = self._outgoing(metadata, timeout)
        call = self._inner(request, timeout=outgoing.timeout, metadata=outgoing.metadata, **options)
        call.add_done_callback(outgoing.ended)
        return call


class _SyncCallable(_Callable):
    __slots__ = ()

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        response, _ = self.with_call(request, timeout, metadata, **options)
        return response

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        outgoing = self._outgoing(metadata, timeout)
        try:
            response, call = self._inner.with_call(request, outgoing.timeout, outgoing.metadata, **options)
        except grpc.RpcError as error:
            outgoing.end(_code(cast("Any", error).code()))
            raise
        outgoing.end(grpc.StatusCode.OK)
        return response, call


class _SyncStreamCallable(_Callable):
    __slots__ = ()

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        outgoing = self._outgoing(metadata, timeout)
        call = self._inner(request, outgoing.timeout, outgoing.metadata, **options)
        if not call.add_callback(lambda: outgoing.end(_code(call.code()))):
            outgoing.end(_code(call.code()))
        return call


class _Channel(grpc.aio.Channel):
    def __init__(self, inner: grpc.aio.Channel, signer: TokenSigner | None) -> None:
        self._inner = inner
        self._signer = signer

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(self._inner.unary_unary, method, arguments, options, DEFAULT_CALL_SECONDS)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(self._inner.unary_stream, method, arguments, options, None)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(self._inner.stream_unary, method, arguments, options, None)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(self._inner.stream_stream, method, arguments, options, None)

    def _wrap(
        self,
        make: Callable[..., Any],
        method: str,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        default: float | None,
    ) -> Any:
        return _AioCallable(make(method, *arguments, **options), method, self._signer, default)

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()

    async def __aenter__(self) -> _Channel:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._inner.close()


class _SyncChannel(grpc.Channel):
    def __init__(self, inner: grpc.Channel, signer: TokenSigner | None) -> None:
        self._inner = inner
        self._signer = signer

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).unary_unary(method, *arguments, **options)
        return _SyncCallable(inner, method, self._signer, DEFAULT_CALL_SECONDS)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).stream_unary(method, *arguments, **options)
        return _SyncCallable(inner, method, self._signer, None)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).unary_stream(method, *arguments, **options)
        return _SyncStreamCallable(inner, method, self._signer, None)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).stream_stream(method, *arguments, **options)
        return _SyncStreamCallable(inner, method, self._signer, None)

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False) -> None:
        self._inner.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> _SyncChannel:
        return self

    def __exit__(self, *exception: object) -> None:
        self._inner.close()


def _code(code: Any) -> grpc.StatusCode:
    if isinstance(code, grpc.StatusCode):
        return code
    return next((known for known in grpc.StatusCode if known.value[0] == code), grpc.StatusCode.UNKNOWN)
