"""Channels to other services: retries on UNAVAILABLE by service config, deadlines, identity and traces passed along.

The channels are wrapped rather than given interceptors: an intercepted call in grpc.aio is a task of its own and costs
about as much again as the call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import grpc

from chassis.auth import TokenSigner
from chassis.calls import AioCallable, Metadata, SyncCallable, SyncStreamCallable, forward_token
from chassis.deadlines import DEFAULT_CALL_SECONDS

__all__ = ["SERVICE_CONFIG", "Metadata", "forward_token", "open_channel", "open_sync_channel"]

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
                # Nothing was done, or the connection broke in the middle: with the same key it is asked once more
                # either way. After anything else the caller has to ask. A server with too much to do says no to it.
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
        return AioCallable(make(method, *arguments, **options), method, self._signer, default)

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
        return SyncCallable(inner, method, self._signer, DEFAULT_CALL_SECONDS)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).stream_unary(method, *arguments, **options)
        return SyncCallable(inner, method, self._signer, None)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).unary_stream(method, *arguments, **options)
        return SyncStreamCallable(inner, method, self._signer, None)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = cast("Any", self._inner).stream_stream(method, *arguments, **options)
        return SyncStreamCallable(inner, method, self._signer, None)

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
