"""The OpenAPI 3.1 document: what flask-openapi collects, plus what it cannot know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.openapi import OpenAPI

from rider_api.rest.routing import IDEMPOTENCY_KEY, RouteFacts

_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


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
    _write_whole_bounds(spec)
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
