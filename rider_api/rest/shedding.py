"""Shedding: around the application, before anything else is done, so that a refusal costs a fraction of an answer.

A request is known by its method and path alone. What is not of the API (health, metrics, pages) is not held up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from chassis.urgency import Urgency
from rider_api.headers import REQUEST_ID, request_id_of, security_headers
from rider_api.metrics import HTTP_HANDLED, SHED
from rider_api.problems import Problem
from rider_api.rest.calls import Edge
from rider_api.rest.cors import readable_by
from rider_api.rest.gate import Gate

URGENCY_ATTRIBUTE = "urgency_of_route"
_AGAIN_SECONDS = (1, 3)
_VARIABLE = "<>"
_BEHIND = "/"
"""In the tree of paths: what a rule that ends there stands behind; no segment has a slash."""

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Shedding:
    """The application behind a gate."""

    def __init__(self, app: Flask, edge: Edge, chance: random.Random | None = None) -> None:
        """Stand around an application whose routes are all registered."""
        self._inner: Application = app.wsgi_app
        self._edge = edge
        self._chance = chance or random.Random()  # noqa: S311 (spreads retries; no secret)
        self._tree: dict[str, Any] = {}
        self._fixed = security_headers(edge.settings.environment)
        for rule in app.url_map.iter_rules():
            urgency = getattr(app.view_functions[rule.endpoint], URGENCY_ATTRIBUTE, None)
            if urgency is not None:
                self._plant(rule, urgency)
        self.gate = Gate(edge.settings.rest_threads, edge.settings.rest_waiting_max)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer a request (WSGI)."""
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            # A browser asks for what it wants to do next.
            method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", method)
        known = self._find(method, environ.get("PATH_INFO", ""))
        if known is None:
            return self._inner(environ, start_response)
        urgency, route = known
        if not self.gate.enter(urgency):
            return self._refuse(environ, start_response, urgency, route)
        try:
            return self._inner(environ, start_response)
        finally:
            self.gate.leave()

    def _plant(self, rule: Rule, urgency: Urgency) -> None:
        node = self._tree
        for segment in rule.rule.split("/"):
            node = node.setdefault(_VARIABLE if segment.startswith("<") else segment, {})
        ends = node.setdefault(_BEHIND, {})
        for method in rule.methods or ():
            ends[method] = (urgency, rule.rule)

    def _find(self, method: str, path: str) -> tuple[Urgency, str] | None:
        node = self._tree
        for segment in path.split("/"):
            found = node.get(segment) or node.get(_VARIABLE)
            if found is None:
                return None
            node = found
        ends: Mapping[str, tuple[Urgency, str]] = node.get(_BEHIND, {})
        return ends.get(method)

    def _refuse(
        self, environ: Mapping[str, Any], start_response: Start, urgency: Urgency, route: str
    ) -> Iterator[bytes]:
        method = environ["REQUEST_METHOD"]
        SHED.labels(urgency.name.lower()).inc()
        HTTP_HANDLED.labels(method, route, HTTPStatus.SERVICE_UNAVAILABLE.value).inc()
        problem = Problem(
            HTTPStatus.SERVICE_UNAVAILABLE.value,
            "overloaded",
            "there is more to do than can be done: ask again later",
            retryable=True,
            retry_after_seconds=self._chance.randint(*_AGAIN_SECONDS),
        )
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"), self._edge.new_id)
        body = problem.body(instance=environ.get("PATH_INFO", ""), request_id=request_id)
        headers = {
            **problem.all_headers(),
            **self._fixed,
            **readable_by(environ.get("HTTP_ORIGIN"), self._edge.settings.cors_origins),
            REQUEST_ID: request_id,
            "Cache-Control": "no-store",
            "Content-Length": str(len(body)),
        }
        start_response(f"{problem.status} {HTTPStatus.SERVICE_UNAVAILABLE.phrase}", list(headers.items()))
        return iter([] if method == "HEAD" else [body])
