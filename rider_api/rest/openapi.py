"""The OpenAPI 3.1 document: what flask-openapi collects, plus what it cannot know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.openapi import OpenAPI

from rider_api.rest.examples import add_examples
from rider_api.rest.reading import IDEMPOTENCY_KEY
from rider_api.rest.routing import RouteFacts, Routes
from rider_api.schemas.problems import Problem as ProblemSchema

_VERSION_PARAMETER = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what the client saw; 412 where that is no longer what stands.",
    "schema": {"type": "string", "maxLength": 64, "examples": ['"7"']},
}
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def openapi_app(routes: Sequence[Routes]) -> OpenAPI:
    """Make an application of nothing but routes; what stands around them is added by who serves it."""
    app = OpenAPI(
        "rider_api",
        static_folder=None,
        doc_ui=False,
        info=Info(
            title="Jitney",
            version="1",
            description="For riders, drivers and operators. Changes are additive; expect new fields and new names.",
        ),
        validation_error_status=400,
        validation_error_model=ProblemSchema,
    )
    # Before there are any: a route has only the methods that it names.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    for one in routes:
        app.register_api(one.blueprint)
    return app


def openapi_document(routes: Sequence[Routes]) -> bytes:
    """Write the document of routes, without an edge around them."""
    return document(openapi_app(routes), [fact for one in routes for fact in one.facts])


def document(app: OpenAPI, facts: Sequence[RouteFacts]) -> bytes:
    """Write the document of all registered routes."""
    app.openapi_version = "3.1.0"
    schemes: dict[str, SecurityScheme | dict[str, Any]] = {
        "access_token": SecurityScheme(type="http", scheme="bearer", bearerFormat="JWT")
    }
    app.security_schemes = schemes
    spec = cast("dict[str, Any]", app.api_doc)
    for fact in facts:
        operation = spec["paths"][fact.path][fact.method.lower()]
        operation["x-roles"] = sorted(role.value for role in fact.roles)
        operation["x-scope"] = fact.scope
        body = operation.get("requestBody")
        if body is not None:
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body["required"] = bool(spec["components"]["schemas"][name].get("required"))
        if fact.takes_key:
            operation.setdefault("parameters", []).append(_key_parameter(required=fact.needs_key))
        if fact.takes_version:
            operation.setdefault("parameters", []).append(_VERSION_PARAMETER)
    _write_whole_bounds(spec)
    add_examples(spec)
    return json.dumps(spec).encode()


def _write_whole_bounds(value: object) -> None:
    """Write whole bounds as integers: flask-openapi turns them all into fractions."""
    if isinstance(value, dict):
        schema = cast("dict[str, object]", value)
        for name, item in schema.items():
            if name in _BOUNDS and isinstance(item, float) and item.is_integer():
                schema[name] = int(item)
            else:
                _write_whole_bounds(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            _write_whole_bounds(item)


def _key_parameter(*, required: bool) -> dict[str, Any]:
    return {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": required,
        "description": "A text the client makes, keeps, and sends again with a retry of the same request.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$", "examples": ["5f0c4c1e-1b7a-4a44-9a1f-0d9f6d1d2c3b"]},
    }
