"""The request under way: who calls, its keys, and how it asks a service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast
from uuid import UUID

import grpc
from flask import current_app, g

from chassis.auth import ANONYMOUS, Actor, TokenSigner, TokenVerifier
from chassis.clients import forward_token
from chassis.status import from_rpc_error
from rider_api.rest.backends import Backends
from rider_api.rest.cursors import Cursors
from rider_api.rest.field_names import in_public_words
from rider_api.rest.rate_limits import RateLimits, Standing
from rider_api.rest.readiness import Readiness
from rider_api.rest.replays import Claim, Replays
from rider_api.rest.ticket_office import TicketOffice
from rider_api.schemas.accounts import PublicKeys
from rider_api.settings import EdgeSettings
from shared_kernel.clock import Clock

Q = TypeVar("Q")
A = TypeVar("A")

DEFAULT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Edge:
    """What the routes need; made once a process."""

    settings: EdgeSettings
    backends: Backends
    verifier: TokenVerifier
    signer: TokenSigner
    """Signs the edge's own calls, where nobody's token comes along."""
    cursors: Cursors
    tickets: TicketOffice
    readiness: Readiness
    limits: RateLimits
    replays: Replays
    public_keys: PublicKeys
    clock: Clock
    new_id: Callable[[], UUID]


@dataclass(slots=True)
class Call:
    """One request."""

    request_id: str
    begun: float
    actor: Actor = ANONYMOUS
    token: str = ""
    key: str = ""
    """What goes down as `request_id`: the Idempotency-Key, or a new one where the route does not ask for any."""
    seconds: float = DEFAULT_SECONDS
    standing: Standing | None = None
    """How the caller stands against the rate limit of the route."""
    claim: Claim | None = None
    """The Idempotency-Key that this request is the first with."""
    is_final: bool = True
    """False where the same key asked again may tell something else: the answer is not kept then."""
    trace_id: str = ""
    """Of what this request's telemetry and that of all it leads to is found by; empty before its route is known."""
    scope: str = field(default="")
    """The route, as the cursors of its list are bound to it."""


def edge() -> Edge:
    """Return what this process' routes share."""
    return cast("Edge", current_app.extensions["edge"])


def call() -> Call:
    """Return the request under way."""
    return cast("Call", g.call)


def ask(method: Callable[..., A], request: object) -> A:
    """Call a service in the caller's own name, within the time of the request.

    Raises:
        DomainError: the service's own, or `Unavailable` and `Unknown` of the transport.
    """
    current = call()
    metadata = forward_token(current.token) if current.token else ()
    try:
        return method(request, timeout=current.seconds, metadata=metadata)
    except grpc.RpcError as error:
        refusal = from_rpc_error(error)
        refusal.violations = in_public_words(refusal.violations)
        raise refusal from None


def page_token(cursor: str) -> str:
    """Return the service's page token of a cursor of this list."""
    return edge().cursors.open(call().scope, call().actor.subject, cursor)


def next_cursor(token: str) -> str | None:
    """Return the cursor of a service's page token for this list."""
    return edge().cursors.seal(call().scope, call().actor.subject, token)
