"""Routes: how a handler becomes a route with its roles, its strict input and its documented answers.

A handler declares by its annotations what it reads: `path`, `query`, `body`. Validation is done here and not by
flask-openapi, which makes the JSON schema of a query anew for each request and reads bodies leniently; it writes the
OpenAPI document (`openapi.py`), of what is described here, and has no part in a process that serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar, get_origin, get_type_hints

from flask import Blueprint, Response, request
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from chassis.auth import Role, with_implied
from chassis.deadlines import deadline
from chassis.telemetry import span_from
from chassis.urgency import Urgency
from rider_api.rest.calls import DEFAULT_SECONDS, call
from rider_api.rest.rate_limits import Pace
from rider_api.rest.reading import kept_answer, read_body, read_key, read_query
from rider_api.rest.shedding import URGENCY_ATTRIBUTE
from rider_api.rest.strict_json import MAX_BODY_BYTES, validated
from rider_api.schemas.common import NoBody
from rider_api.scopes import OPEN_SCOPE, scope_of

F = TypeVar("F", bound=Callable[..., object])

ROLES_ATTRIBUTE = "roles_of_route"
SCOPE_ATTRIBUTE = "scope_of_route"
PACE_ATTRIBUTE = "pace_of_route"
PREFIX = "/v1"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers of its own."""

    body: BaseModel
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What the OpenAPI document and the tests know of a route beyond its schemas."""

    method: str
    path: str
    roles: frozenset[Role]
    scope: str
    needs_key: bool
    takes_key: bool
    takes_version: bool = False
    """Whether If-Match is heeded."""
    max_body_bytes: int = MAX_BODY_BYTES
    seconds: float = DEFAULT_SECONDS
    """How long the whole request may take, once it is worked on."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the OpenAPI document says of a route: its facts, and what it reads and answers."""

    rule: str
    view: Callable[..., Response]
    facts: RouteFacts
    answer: type[BaseModel] | None
    status: int
    problems: Sequence[int]


class Routes:
    """The routes of one subject.

    Every route has roles and a scope: one without is refused to everybody, and by a test.
    """

    def __init__(self, name: str, tag: str, area: str) -> None:
        """Make the set of routes; `area` is what their scopes are of (`rider_api.scopes`)."""
        self.name = name
        self.tag = tag
        self.area = area
        self.blueprint = Blueprint(name, __name__, url_prefix=PREFIX)
        self.descriptions: list[Description] = []

    @property
    def facts(self) -> list[RouteFacts]:
        """What the tests know of the routes."""
        return [each.facts for each in self.descriptions]

    def route(
        self,
        method: str,
        rule: str,
        *,
        roles: Sequence[Role],
        area: str = "",
        answer: type[BaseModel] | None,
        status: int = 200,
        problems: Sequence[int] = (),
        needs_key: bool = False,
        takes_version: bool = False,
        pace: Pace | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        seconds: float = DEFAULT_SECONDS,
        urgency: Urgency | None = None,
    ) -> Callable[[F], F]:
        """Register a handler.

        Args:
            method: HTTP method.
            rule: path below `/v1`, in Flask's spelling.
            roles: who may call; `Role.ANONYMOUS` admits callers without a token.
            area: whose scope it needs, where it is not the subject's.
            answer: model of the answer; None for 204.
            status: of the answer.
            problems: statuses beyond those that every route may have.
            needs_key: whether an Idempotency-Key must be given; other routes than GET take one all the same.
            takes_version: whether the handler heeds If-Match.
            pace: which rate limit counts; by method, or signing in where anybody may call, without it.
            max_body_bytes: how large a body may be.
            seconds: how long the whole request may take.
            urgency: what is answered first under overload; without it, what only looks is deferrable.
        """

        def register(handler: F) -> F:
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", f"{PREFIX}{rule}")
            is_open = Role.ANONYMOUS in roles
            scope = scope_of(OPEN_SCOPE if is_open else area or self.area, method)
            facts = RouteFacts(
                method,
                path,
                with_implied(roles),
                scope,
                needs_key,
                method != "GET",
                takes_version,
                max_body_bytes,
                seconds,
            )
            view = _view(handler, facts, status if answer else 204)
            setattr(view, ROLES_ATTRIBUTE, facts.roles)
            setattr(view, SCOPE_ATTRIBUTE, scope)
            usual = Pace.SIGN_IN if is_open else Pace.READ if method == "GET" else Pace.WRITE
            setattr(view, PACE_ATTRIBUTE, pace or usual)
            looks = Urgency.DEFERRABLE if method == "GET" else Urgency.USUAL
            setattr(view, URGENCY_ATTRIBUTE, looks if urgency is None else urgency)
            self.descriptions.append(Description(rule, view, facts, answer, status, problems))
            self.blueprint.add_url_rule(rule, view_func=view, methods=[method], provide_automatic_options=False)
            return handler

        return register


def _view(handler: Callable[..., object], facts: RouteFacts, status: int) -> Callable[..., Response]:
    hints = get_type_hints(handler)
    path_model: type[BaseModel] | None = hints.get("path")
    query_model: type[BaseModel] | None = hints.get("query")
    body_model: type[BaseModel] | None = hints.get("body")
    lists = (
        frozenset(name for name, info in query_model.model_fields.items() if get_origin(info.annotation) is list)
        if query_model
        else frozenset[str]()
    )
    name = f"{facts.method} {facts.path}"

    @wraps(handler)
    def view(**path_values: object) -> Response:
        current = call()
        current.scope, current.seconds = facts.path, facts.seconds
        with span_from(request.headers.get("traceparent", ""), name, SpanKind.SERVER) as span, deadline(facts.seconds):
            current.trace_id = f"{span.get_span_context().trace_id:032x}"
            given: dict[str, object] = {}
            if path_model is not None:
                given["path"] = validated(path_model, path_values)
                if span.is_recording() and (ride_id := getattr(given["path"], "ride_id", None)):
                    span.set_attribute("jitney.ride_id", str(ride_id))
            if query_model is not None:
                given["query"] = validated(query_model, read_query(lists))
            elif request.query_string:
                validated(NoBody, read_query(lists))
            if facts.takes_key:
                current.key = read_key(facts.needs_key)
                body = read_body(body_model or NoBody, facts.max_body_bytes)
                if body_model is not None:
                    given["body"] = body
                kept = kept_answer(name, path_values)
                if kept is not None:
                    return kept
            return _answer(handler(**given), status)

    return view


def _answer(result: object, status: int) -> Response:
    if result is None:
        return Response(status=status)
    headers: dict[str, str] = {}
    if isinstance(result, Reply):
        result, headers = result.body, result.headers
    if isinstance(result, Response):
        return result
    if not isinstance(result, BaseModel):
        raise TypeError(f"a handler returned {type(result).__name__}")
    return Response(result.model_dump_json(), status=status, headers=headers, mimetype="application/json")
