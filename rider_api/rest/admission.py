"""Admission: who makes a request, whether they may, and how often. Settled before any route."""

from __future__ import annotations

from flask import request

from chassis.auth import ANONYMOUS, Role, TokenVerifier
from rider_api.headers import bearer_token_of, client_address
from rider_api.rest.calls import Call, Edge, call
from rider_api.rest.rate_limits import Pace
from rider_api.rest.routing import PACE_ATTRIBUTE, ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE
from rider_api.scopes import OPEN_SCOPE, holds
from shared_kernel.errors import LimitExceeded, PermissionRefused, Unauthenticated


def admit(edge: Edge, view: object) -> None:
    """Settle who makes the request under way, and whether they may make it, and so often.

    Raises:
        Unauthenticated: `token_required`, `invalid_token`, `expired_token`.
        PermissionRefused: `role_not_allowed`, `scope_not_allowed`; a view that names none is for nobody.
        LimitExceeded: `rate_limited`.
    """
    roles: frozenset[Role] = getattr(view, ROLES_ATTRIBUTE, frozenset())
    _know(call(), roles, getattr(view, SCOPE_ATTRIBUTE, ""), edge.verifier)
    _hold_pace(call(), getattr(view, PACE_ATTRIBUTE, Pace.FREE), edge)


def _know(current: Call, roles: frozenset[Role], scope: str, verifier: TokenVerifier) -> None:
    if Role.ANONYMOUS in roles and scope == OPEN_SCOPE:
        # A token that happens to be sent along is not looked at: an expired one must not stand in a refresh's way.
        return
    token = bearer_token_of(request.headers.get("Authorization"))
    if not token:
        raise Unauthenticated("token_required", "this request needs an access token")
    actor = verifier.verify(token)
    if actor.role not in roles:
        raise PermissionRefused("role_not_allowed", f"a token of the role {actor.role.value} may not do this")
    if not scope or not holds(actor.role, scope) or (actor.scopes and scope not in actor.scopes):
        raise PermissionRefused("scope_not_allowed", f"this needs a token with the scope {scope or 'that nobody has'}")
    if actor.role is not Role.SERVICE:
        _ = actor.account_id
    current.actor, current.token = actor, token


def _hold_pace(current: Call, pace: Pace, edge: Edge) -> None:
    if pace is Pace.FREE:
        return
    if current.actor is ANONYMOUS:
        forwarded = request.headers.get("X-Forwarded-For")
        caller = client_address(request.remote_addr, forwarded, edge.settings.rest_proxies)
    else:
        caller = f"{current.actor.role.value}:{current.actor.subject}"
    current.standing = edge.limits.hit(pace, caller)
    if not current.standing.allowed:
        raise LimitExceeded(
            "rate_limited",
            "too many requests: ask again later",
            retry_after_seconds=current.standing.reset_seconds,
        )
