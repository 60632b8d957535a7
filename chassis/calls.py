"""What a call to another service adds to itself (time-out, identity, trace) and what is measured of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, cast

import grpc
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from chassis.auth import TokenSigner
from chassis.deadlines import call_timeout
from chassis.metrics import CLIENT_HANDLED, CLIENT_SECONDS
from chassis.telemetry import traceparent_of, tracer

Metadata = tuple[tuple[str, str | bytes], ...]


def forward_token(token: str) -> Metadata:
    """Return the metadata of a call in somebody else's name: `stub.GetRide(request, metadata=forward_token(token))`."""
    return (("authorization", f"Bearer {token}"),)


class Outgoing:
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
        """Called by grpc.aio when the call is over."""
        coroutine = call.code()
        try:
            coroutine.send(None)  # the code of a finished call is at hand: nothing is waited for
        except StopIteration as finished:
            self.end(_code(finished.value))
        else:
            coroutine.close()
            self.end(grpc.StatusCode.UNKNOWN)


class _Callable:
    """An RPC as a stub's attribute; unary answers get the default deadline, streams only an inherited one."""

    __slots__ = ("_default", "_inner", "_method", "_renew", "_signer")

    def __init__(
        self,
        inner: Any,
        method: str,
        signer: TokenSigner | None,
        default: float | None,
        renew: Callable[[], None] | None = None,
    ) -> None:
        """Make it; `renew`, where the channel has certificates, has it look for newer ones before a call."""
        self._inner = inner
        self._renew = renew
        self._method = method
        self._signer = signer
        self._default = default

    def move_to(self, inner: Any) -> None:
        """Make calls from now on over another channel."""
        self._inner = inner

    def _outgoing(self, metadata: Any, timeout: float | None) -> Outgoing:
        if self._renew is not None:
            self._renew()
        return Outgoing(self._method, metadata, call_timeout(timeout, default=self._default), self._signer)


class AioCallable(_Callable):
    __slots__ = ()

    def __call__(
        self, request: Any = None, *, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        outgoing = self._outgoing(metadata, timeout)
        call = self._inner(request, timeout=outgoing.timeout, metadata=outgoing.metadata, **options)
        call.add_done_callback(outgoing.ended)
        return call


class SyncCallable(_Callable):
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


class SyncStreamCallable(_Callable):
    __slots__ = ()

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        outgoing = self._outgoing(metadata, timeout)
        call = self._inner(request, outgoing.timeout, outgoing.metadata, **options)
        if not call.add_callback(lambda: outgoing.end(_code(call.code()))):
            outgoing.end(_code(call.code()))
        return call


def _code(code: Any) -> grpc.StatusCode:
    if isinstance(code, grpc.StatusCode):
        return code
    return next((known for known in grpc.StatusCode if known.value[0] == code), grpc.StatusCode.UNKNOWN)
