"""Channels to other services: retries on UNAVAILABLE by service config, deadlines, identity and traces passed along.

The channels are wrapped rather than given interceptors: an intercepted call in grpc.aio is a task of its own and costs
about as much again as the call.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock, Timer
from typing import Any

import grpc

from chassis.auth import TokenSigner
from chassis.calls import AioCallable, Metadata, SyncCallable, SyncStreamCallable, forward_token
from chassis.deadlines import DEFAULT_CALL_SECONDS
from chassis.tls import Certificates

__all__ = ["SERVICE_CONFIG", "Metadata", "forward_token", "open_channel", "open_sync_channel"]

_LEAVE_SECONDS = 60.0
"""How long the calls of a channel whose certificate was renewed may go on."""
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


def open_channel(
    target: str, signer: TokenSigner | None = None, certificates: Certificates | None = None
) -> grpc.aio.Channel:
    """Open a channel for asyncio, on the running loop.

    With a signer, calls carry this service's own token; with certificates they go by mutual TLS.
    """
    return _Channel(target, signer, certificates)


def open_sync_channel(
    target: str, signer: TokenSigner | None = None, certificates: Certificates | None = None
) -> grpc.Channel:
    """Open a channel for threads; make it after a worker process has started, never before a fork."""
    return _SyncChannel(target, signer, certificates)


class _Methods(ABC):
    """The callables of a channel, which follow when it is made anew with renewed certificates."""

    def __init__(self, signer: TokenSigner | None, certificates: Certificates | None) -> None:
        self._signer = signer
        self._certificates = certificates
        self._number = 0
        self._made: list[tuple[Any, Callable[[], Any]]] = []

    def _credentials(self) -> grpc.ChannelCredentials | None:
        if self._certificates is None:
            return None
        held = self._certificates.current()
        self._number = held.number
        return held.of_client()

    def _wrap(self, kind: type[Any], make: Callable[[], Any], method: str, default: float | None) -> Any:
        if self._certificates is None:
            return kind(make(), method, self._signer, default)
        made = kind(make(), method, self._signer, default, self._renew)
        self._made.append((made, make))
        return made

    def _renew(self) -> None:
        if self._certificates is not None and self._certificates.current().number != self._number:
            self._replace()

    @abstractmethod
    def _replace(self) -> None:
        """Open the channel anew with the certificates of now, and have all callables follow."""

    def _move_all(self) -> None:
        for made, make in self._made:
            made.move_to(make())


class _Channel(_Methods, grpc.aio.Channel):
    def __init__(self, target: str, signer: TokenSigner | None, certificates: Certificates | None) -> None:
        super().__init__(signer, certificates)
        self._target = target
        self._inner = self._open()
        self._leaving: dict[asyncio.Task[None], grpc.aio.Channel] = {}

    def _open(self) -> grpc.aio.Channel:
        credentials = self._credentials()
        if credentials is None:
            return grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        return grpc.aio.secure_channel(self._target, credentials, options=_OPTIONS)

    def _replace(self) -> None:
        before, self._inner = self._inner, self._open()
        self._move_all()
        task = asyncio.get_running_loop().create_task(before.close(_LEAVE_SECONDS))
        self._leaving[task] = before
        task.add_done_callback(lambda done: self._leaving.pop(done, None))

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "unary_unary", method, *arguments, **options)
        return self._wrap(AioCallable, make, method, DEFAULT_CALL_SECONDS)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(AioCallable, partial(self._make, "unary_stream", method, *arguments, **options), method, None)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wrap(AioCallable, partial(self._make, "stream_unary", method, *arguments, **options), method, None)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "stream_stream", method, *arguments, **options)
        return self._wrap(AioCallable, make, method, None)

    def _make(self, shape: str, *arguments: Any, **options: Any) -> Any:
        return getattr(self._inner, shape)(*arguments, **options)

    async def close(self, grace: float | None = None) -> None:
        leaving = dict(self._leaving)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        for before in leaving.values():
            await before.close(None)
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
        await self.close()


class _SyncChannel(_Methods, grpc.Channel):
    def __init__(self, target: str, signer: TokenSigner | None, certificates: Certificates | None) -> None:
        super().__init__(signer, certificates)
        self._target = target
        self._lock = Lock()
        self._leaving: list[Timer] = []
        self._inner = self._open()

    def _open(self) -> grpc.Channel:
        credentials = self._credentials()
        if credentials is None:
            return grpc.insecure_channel(self._target, options=_OPTIONS)
        return grpc.secure_channel(self._target, credentials, options=_OPTIONS)

    def _replace(self) -> None:
        with self._lock:
            if self._certificates is None or self._certificates.current().number == self._number:
                return  # another thread was quicker
            before, self._inner = self._inner, self._open()
            self._move_all()
            # Closing ends the calls of other threads: they are given the time that a call may take.
            timer = Timer(_LEAVE_SECONDS, before.close)
            timer.daemon = True
            timer.start()
            self._leaving = [each for each in self._leaving if each.is_alive()] + [timer]

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "unary_unary", method, *arguments, **options)
        return self._wrap(SyncCallable, make, method, DEFAULT_CALL_SECONDS)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "stream_unary", method, *arguments, **options)
        return self._wrap(SyncCallable, make, method, None)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "unary_stream", method, *arguments, **options)
        return self._wrap(SyncStreamCallable, make, method, None)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        make = partial(self._make, "stream_stream", method, *arguments, **options)
        return self._wrap(SyncStreamCallable, make, method, None)

    def _make(self, shape: str, *arguments: Any, **options: Any) -> Any:
        return getattr(self._inner, shape)(*arguments, **options)

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False) -> None:
        self._inner.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        for timer in self._leaving:
            timer.cancel()
            timer.function()
        self._inner.close()

    def __enter__(self) -> _SyncChannel:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
