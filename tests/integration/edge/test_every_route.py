"""What holds for every route: its roles, its key, its documented answers, its problems."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.auth import Role
from rider_api.rest.app import ROUTES, make_app, make_edge
from rider_api.rest.routing import ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE, RouteFacts
from rider_api.scopes import holds
from rider_api.settings import RestSettings
from shared_kernel.errors import (
    Conflict,
    DomainError,
    FieldViolation,
    InFlight,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionRefused,
    Unauthenticated,
    Unavailable,
    Unknown,
)
from tests.conftest import FIGURE
from tests.integration.edge.backends import Backends
from tests.integration.edge.openapi import Document

COMPONENTS = Path(__file__).parents[3] / "helm/jitney/components.yaml"
FACTS = [facts for routes in ROUTES for facts in routes.facts]
Bearer = Callable[..., dict[str, str]]


def name_of(facts: RouteFacts) -> str:
    return f"{facts.method} {facts.path}"


def is_open(facts: RouteFacts) -> bool:
    return Role.ANONYMOUS in facts.roles


def role_of(facts: RouteFacts) -> Role:
    return min(facts.roles)


ASKING = [facts for facts in FACTS if not facts.path.endswith(("/jwks", "/stream-tickets"))]
CLOSED = [facts for facts in FACTS if not is_open(facts)]


def send(
    client: FlaskClient, document: Document, facts: RouteFacts, headers: dict[str, str], **changes: Any
) -> TestResponse:
    body = document.example_body(facts.method, facts.path)
    with_key = {"Idempotency-Key": "key-1"} if facts.needs_key else {}
    options: dict[str, Any] = {"headers": {**with_key, **headers}} | ({} if body is None else {"json": body}) | changes
    return client.open(document.example_address(facts.method, facts.path), method=facts.method, **options)


def checked_problem(document: Document, facts: RouteFacts, answer: TestResponse) -> dict[str, Any]:
    document.check(facts.method, facts.path, answer.status_code, answer.mimetype, answer.get_json(force=True))
    problem: dict[str, Any] = answer.get_json(force=True)
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


def test_every_address_names_its_roles(app: Flask) -> None:
    nameless = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], ROLES_ATTRIBUTE, None)
    ]
    assert nameless == []


def test_the_chart_shows_the_world_every_address_but_health_and_metrics(app: Flask) -> None:
    public = yaml.safe_load(COMPONENTS.read_text())["rest"]["public"]
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    hidden = {rule for rule in rules if not any(rule == path or rule.startswith(f"{path}/") for path in public)}
    assert hidden == {"/healthz", "/readyz", "/metrics"}
    assert all(any(rule == path or rule.startswith(f"{path}/") for rule in rules) for path in public)


def test_every_address_has_a_scope_that_its_roles_hold(
    app: Flask, record_property: Callable[[str, object], None]
) -> None:
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    scopeless = [rule for rule, view in views.items() if not getattr(view, SCOPE_ATTRIBUTE, "")]
    assert scopeless == []
    record_property(FIGURE, f"addresses: {len(views)}, without a scope {len(scopeless)}")
    unheld = [
        (rule, role)
        for rule, view in views.items()
        for role in getattr(view, ROLES_ATTRIBUTE)
        if not holds(role, getattr(view, SCOPE_ATTRIBUTE))
    ]
    assert unheld == []


def test_an_address_without_a_scope_is_refused_to_everybody(
    edge_settings: RestSettings, bearer: Bearer, document: Document
) -> None:
    edge = make_edge(edge_settings)
    app = make_app(edge)

    def forgotten() -> str:
        return "secret"

    setattr(forgotten, ROLES_ATTRIBUTE, frozenset(Role))
    app.add_url_rule("/v1/forgotten", view_func=forgotten)
    for headers, told in (
        ({}, (401, "token_required")),
        *((bearer(role), (403, "scope_not_allowed")) for role in Role if role is not Role.ANONYMOUS),
    ):
        answer = app.test_client().get("/v1/forgotten", headers=headers)
        assert (answer.status_code, answer.get_json(force=True)["code"]) == told
        document.check_schema({"$ref": "#/components/schemas/Problem"}, answer.get_json(force=True))
    edge.backends.close()


def test_every_address_of_the_public_api_is_documented(app: Flask, document: Document) -> None:
    served = {
        (method, re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        # Callbacks are for providers, which bring their own contract.
        if rule.rule.startswith("/v1/") and not rule.rule.startswith("/v1/callbacks/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {(method.upper(), path) for path, item in document.spec["paths"].items() for method in item}
    assert served == documented == {(facts.method, facts.path) for facts in FACTS}


@pytest.mark.parametrize("facts", FACTS, ids=name_of)
def test_the_documented_example_is_answered_as_documented(
    client: FlaskClient, document: Document, bearer: Bearer, facts: RouteFacts
) -> None:
    answer = send(client, document, facts, {} if is_open(facts) else bearer(role_of(facts)))
    assert answer.status_code < 300, answer.get_data(as_text=True)
    document.check(facts.method, facts.path, answer.status_code, answer.mimetype, answer.get_json(silent=True))


@pytest.mark.parametrize("facts", CLOSED, ids=name_of)
def test_without_a_token_nobody_passes_and_no_service_is_asked(
    client: FlaskClient, document: Document, backends: Backends, facts: RouteFacts
) -> None:
    answer = send(client, document, facts, {})
    assert (answer.status_code, checked_problem(document, facts, answer)["code"]) == (401, "token_required")
    assert backends.asked == []


@pytest.mark.parametrize("facts", CLOSED, ids=name_of)
def test_only_the_named_roles_pass(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, facts: RouteFacts
) -> None:
    others = [role for role in Role if role is not Role.ANONYMOUS and role not in facts.roles]
    for role in others:
        answer = send(client, document, facts, bearer(role))
        assert (answer.status_code, checked_problem(document, facts, answer)["code"]) == (403, "role_not_allowed")
    assert backends.asked == []
    for role in facts.roles:
        assert send(client, document, facts, bearer(role)).status_code < 300, role


@pytest.mark.parametrize("facts", [facts for facts in FACTS if facts.needs_key], ids=name_of)
def test_where_a_key_is_needed_its_absence_is_refused(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, facts: RouteFacts
) -> None:
    body = document.example_body(facts.method, facts.path)
    address = document.example_address(facts.method, facts.path)
    answer = client.open(address, method=facts.method, json=body, headers=bearer(role_of(facts)))
    assert (answer.status_code, checked_problem(document, facts, answer)["code"]) == (400, "idempotency_key_required")
    assert backends.asked == []


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "é", "tab\t"])
def test_a_key_of_a_wrong_form_is_refused(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, key: str
) -> None:
    facts = next(facts for facts in FACTS if facts.path == "/v1/rides" and facts.method == "POST")
    answer = send(client, document, facts, {**bearer(Role.RIDER), "Idempotency-Key": key})
    assert (answer.status_code, checked_problem(document, facts, answer)["code"]) == (400, "invalid_idempotency_key")
    assert backends.asked == []


@pytest.mark.parametrize("facts", [facts for facts in ASKING if facts.needs_key], ids=name_of)
def test_the_key_goes_down_as_the_request_id_with_the_callers_own_token(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, facts: RouteFacts
) -> None:
    send(client, document, facts, bearer(role_of(facts)))
    _, request, actor = backends.asked[-1]
    assert request.request_id == "key-1"
    assert (actor.role, actor.issuer) == (role_of(facts), "identity")


@pytest.mark.parametrize("facts", [facts for facts in ASKING if facts.takes_key and not facts.needs_key], ids=name_of)
def test_a_key_that_need_not_be_given_goes_down_where_the_service_takes_one(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, facts: RouteFacts
) -> None:
    headers = {} if is_open(facts) else bearer(role_of(facts))
    send(client, document, facts, {**headers, "Idempotency-Key": "key-1"})
    taken = [request for _, request, _ in backends.asked if "request_id" in request.DESCRIPTOR.fields_by_name]
    assert {request.request_id for request in taken} <= {"key-1"}


@pytest.mark.parametrize("facts", [facts for facts in FACTS if facts.method != "GET"], ids=name_of)
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"json": {"surprise": 1}}, 400, "invalid_request"),
        ({"data": b"{", "content_type": "application/json", "json": None}, 400, "malformed_json"),
        ({"data": b'{"a":1,"a":2}', "content_type": "application/json", "json": None}, 400, "malformed_json"),
        (
            {"data": b"a=1", "content_type": "application/x-www-form-urlencoded", "json": None},
            415,
            "unsupported_media_type",
        ),
        ({"data": b"x" * 70_000, "content_type": "application/json", "json": None}, 413, "body_too_large"),
    ],
    ids=["unknown-field", "malformed", "twice", "form", "huge"],
)
def test_a_wrong_body_is_refused_before_any_service_is_asked(
    client: FlaskClient,
    document: Document,
    bearer: Bearer,
    backends: Backends,
    facts: RouteFacts,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    if status == 413:
        changes = {**changes, "data": b"x" * (facts.max_body_bytes + 5_000)}
    answer = send(client, document, facts, {} if is_open(facts) else bearer(role_of(facts)), **changes)
    assert (answer.status_code, checked_problem(document, facts, answer)["code"]) == (status, code)
    assert backends.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("bad_thing", "m", violations=[FieldViolation("x", "y")]), 400),
        (Unauthenticated("otp_invalid", "m"), 401),
        (PermissionRefused("not_approved", "m"), 403),
        (NotFound("ride_not_found", "m"), 404),
        (Conflict("invalid_transition", "m"), 409),
        (InFlight("request_in_flight", "m"), 409),
        (LimitExceeded("otp_throttled", "m", retry_after_seconds=7), 429),
        (Unavailable("psp_unavailable", "m"), 503),
        (Unknown("hold_unknown", "m"), 504),
        (RuntimeError("SELECT * FROM rides"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_of_a_service_is_told_as_a_problem(
    client: FlaskClient, document: Document, bearer: Bearer, backends: Backends, error: Exception, status: int
) -> None:
    facts = next(facts for facts in FACTS if facts.path == "/v1/rides/{ride_id}/cancel")
    backends.answers["CancelRide"] = error
    answer = send(client, document, facts, bearer(Role.RIDER))
    assert answer.status_code == status
    document.check_schema({"$ref": "#/components/schemas/Problem"}, answer.get_json(force=True))
    assert "SELECT" not in answer.get_data(as_text=True)
    if isinstance(error, DomainError):
        assert answer.get_json(force=True)["code"] == error.reason
        assert ("Retry-After" in answer.headers) == error.retryable
