"""Liveness, readiness, metrics, the OpenAPI document and its page: for everybody, and no part of the versioned API."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.auth import Role
from rider_api.headers import CONTENT_POLICY
from rider_api.rest.calls import edge
from rider_api.rest.docs_page import PAGE_POLICY, docs_page
from rider_api.rest.readiness import NEEDED
from rider_api.rest.routing import ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE
from rider_api.scopes import OPEN_SCOPE


@cache
def openapi_document() -> bytes:
    """Return the committed document, which a check holds to be what the routes say."""
    committed = files("rider_api").joinpath("openapi.json").read_bytes()
    return json.dumps(json.loads(committed), ensure_ascii=False, separators=(",", ":")).encode()


def make_blueprint() -> Blueprint:
    """Make the routes."""
    blueprint = Blueprint("system", __name__)

    def add(rule: str, view: Callable[[], Response]) -> None:
        setattr(view, ROLES_ATTRIBUTE, frozenset({Role.ANONYMOUS}))
        setattr(view, SCOPE_ATTRIBUTE, OPEN_SCOPE)
        blueprint.add_url_rule(rule, view_func=view)

    def read_openapi() -> Response:
        return Response(openapi_document(), mimetype="application/json", headers={"Cache-Control": "no-cache"})

    @cache
    def page() -> bytes:
        return docs_page(openapi_document())

    def read_docs() -> Response:
        """Show the API to people."""
        answer = Response(page(), mimetype="text/html", headers={"Cache-Control": "no-cache"})
        answer.headers[CONTENT_POLICY] = PAGE_POLICY
        return answer

    add("/docs", read_docs)
    add("/healthz", read_liveness)
    add("/readyz", read_readiness)
    add("/metrics", read_metrics)
    add("/openapi.json", read_openapi)
    return blueprint


def read_liveness() -> Response:
    """Tell that the process answers; dependencies do not matter here."""
    return Response(b'{"status":"ok"}', mimetype="application/json")


def read_readiness() -> Response:
    """Tell whether requests can be served, and which dependency answers."""
    checks = edge().readiness.checks()
    ready = all(checks[name] for name in NEEDED)
    body = {
        "status": "ready" if ready else "not_ready",
        "checks": {name: "ok" if answers else "failing" for name, answers in checks.items()},
    }
    return Response(json.dumps(body), status=200 if ready else 503, mimetype="application/json")


def read_metrics() -> Response:
    """Write the metrics of this process for Prometheus."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
