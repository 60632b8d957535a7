"""The streams' application: who may listen, liveness, readiness and metrics."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, cast
from uuid import UUID

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chassis.auth import Actor, Role, TokenVerifier
from chassis.live_hub import Hub
from chassis.live_replay import resume
from chassis.metrics import watch_event_loop
from chassis.redis_client import awaited, ping
from chassis.runtime import Workers
from rider_api.headers import bearer_token_of, security_headers
from rider_api.problems import Problem, problem_of
from rider_api.settings import EdgeSettings
from rider_api.stream.connection import EventStream
from rider_api.stream.envelope import Envelope, problem_response
from rider_api.stream.openings import Openings
from rider_api.stream.ride_stream import RideStream, next_version
from rider_api.stream.rides import Rides, RideView
from rider_api.tickets import actor_of_ticket, ticket_key
from shared_kernel.clock import Clock
from shared_kernel.errors import (
    DomainError,
    FieldViolation,
    InvalidInput,
    LimitExceeded,
    PermissionRefused,
    Unauthenticated,
    Unavailable,
)
from shared_kernel.ids import from_public_id

_MOST_DIGITS = 9
_LISTENERS = frozenset({Role.RIDER, Role.DRIVER})
_PROBE_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 25
"""Of a long poll: shorter than proxies let a connection be silent."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What the routes share; made once a process."""

    settings: EdgeSettings
    verifier: TokenVerifier
    redis: Redis
    hub: Hub
    clock: Clock
    new_id: Callable[[], UUID]
    rides: Rides
    openings: Openings

    async def listen(self, request: Request) -> EventStream:
        """Open the caller's live stream."""
        actor = await self._caller(request)
        self._admit(actor)
        resumption = await resume(self.redis, str(actor.account_id), request.headers.get("last-event-id", ""))
        return EventStream(
            self.hub,
            self.clock,
            actor.account_id,
            resumption,
            heartbeat_seconds=self.settings.stream_heartbeat_seconds,
            max_age_seconds=self._max_age_seconds(actor),
        )

    async def listen_to_ride(self, request: Request) -> ASGIApp:
        """Open the stream of one ride, or answer with its next version (`after_version`)."""
        token = bearer_token_of(request.headers.get("authorization"))
        if not token:
            raise Unauthenticated("token_required", "the events of a ride need an access token")
        actor = self.verifier.verify(token)
        self._admit(actor)
        ride_id = from_public_id("ride", request.path_params["ride_id"])
        after_version = _number(request, "after_version")
        asked_seconds = _number(request, "wait_seconds")
        wait_seconds = _LONGEST_WAIT_SECONDS if asked_seconds is None else min(asked_seconds, _LONGEST_WAIT_SECONDS)

        async def look() -> RideView:
            return await self.rides.read(ride_id, actor.role, token)

        # Listen first, look then: what changes in between is heard of.
        account, slot = actor.account_id, str(request.path_params["ride_id"])
        now = await resume(self.redis, str(account), "")
        first = await look()
        if after_version is not None:
            subscription = self.hub.subscribe(str(account), now.after, None)
            try:
                return await next_version(subscription, look, first, after_version, wait_seconds)
            finally:
                self.hub.unsubscribe(subscription)
        known = request.headers.get("last-event-id", "")
        stream = RideStream(
            self.hub,
            self.clock,
            account,
            now,
            heartbeat_seconds=self.settings.stream_heartbeat_seconds,
            max_age_seconds=self._max_age_seconds(actor),
            slot=slot,
        )
        return stream.watch(look, first, int(known) if known.isascii() and known.isdecimal() else 0)

    def _admit(self, actor: Actor) -> None:
        if actor.role not in _LISTENERS:
            raise PermissionRefused("role_not_allowed", f"a token of the role {actor.role.value} may not do this")
        if len(self.hub) >= self.settings.stream_connections_max:
            raise LimitExceeded("too_many_streams", "no more live streams fit in here", retry_after_seconds=5)
        self.openings.count(actor)

    def _max_age_seconds(self, actor: Actor) -> float:
        # Not longer than the token: who was signed out from afar, or erased, hears nothing once that is over.
        return actor.seconds_left(self.clock.now(), self.settings.stream_max_age_seconds)

    async def _caller(self, request: Request) -> Actor:
        token = bearer_token_of(request.headers.get("authorization"))
        if token:
            return self.verifier.verify(token)
        ticket = request.query_params.get("ticket")
        if not ticket:
            raise Unauthenticated("token_required", "a live stream needs an access token or a ticket")
        try:
            value = await awaited(cast("Any", self.redis.getdel(ticket_key(ticket))))
        except (RedisError, OSError):
            raise Unavailable("streams_unavailable", "live streams are not available just now") from None
        if value is None:
            raise Unauthenticated("invalid_ticket", "the ticket is unknown, was used, or is over")
        return actor_of_ticket(cast("bytes", value))

    async def read_readiness(self, request: Request) -> Response:
        """Tell whether streams can be served."""
        del request
        ready = self.hub.healthy
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await ping(self.redis)
        except (RedisError, OSError, TimeoutError, DomainError):
            ready = False
        body = {"status": "ready" if ready else "not_ready", "checks": {"redis": "ok" if ready else "failing"}}
        return Response(json.dumps(body), 200 if ready else 503, media_type="application/json")


async def read_liveness(request: Request) -> Response:
    """Tell that the process answers."""
    del request
    return Response(b'{"status":"ok"}', media_type="application/json")


async def read_metrics(request: Request) -> Response:
    """Write the metrics of this process for Prometheus."""
    del request
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def make_app(streams: Streams) -> ASGIApp:
    """Make the application; it starts the hub with its lifespan and ends all streams at SIGTERM."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        workers = Workers()
        workers.add("live stream reader", streams.hub.run)
        workers.add("event loop watch", watch_event_loop)
        workers.start()
        _close_at_sigterm(streams.hub)
        try:
            yield
        finally:
            streams.hub.close()
            await workers.stop()

    app = Starlette(
        routes=[
            Route("/v1/me/stream", streams.listen, methods=["GET"]),
            Route("/v1/rides/{ride_id}/events", streams.listen_to_ride, methods=["GET"]),
            Route("/healthz", read_liveness, methods=["GET"]),
            Route("/readyz", streams.read_readiness, methods=["GET"]),
            Route("/metrics", read_metrics, methods=["GET"]),
        ],
        exception_handlers={DomainError: _tell_domain_error, HTTPException: _tell_http_error},
        lifespan=lifespan,
    )
    headers = security_headers(streams.settings.environment)
    return Envelope(app, headers, streams.settings.listening_origins, streams.new_id)


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        violation = FieldViolation(name, "must be a whole number from 0")
        raise InvalidInput("invalid_request", f"{name} is no number", violations=[violation])
    return int(text)


def _close_at_sigterm(hub: Hub) -> None:
    """End all streams when the process is told to leave; the server waits for them before it lets go.

    The server has put its own handler on the loop by now: the loop is still woken by the signal, and this handler of
    the interpreter runs beside it.
    """
    loop = asyncio.get_running_loop()

    def close(number: int, frame: FrameType | None) -> None:
        del number, frame
        loop.call_soon_threadsafe(hub.close)

    signal.signal(signal.SIGTERM, close)
    signal.signal(signal.SIGINT, close)


async def _tell_domain_error(request: Request, error: Exception) -> Response:
    return problem_response(request, problem_of(cast("DomainError", error)))


async def _tell_http_error(request: Request, error: Exception) -> Response:
    failure = cast("HTTPException", error)
    code = {404: "route_not_found", 405: "method_not_allowed"}.get(failure.status_code, "bad_request")
    return problem_response(request, Problem(failure.status_code, code, failure.detail, headers=failure.headers or {}))
