"""The OpenAPI 3.1 document: what flask-openapi collects, plus what it cannot know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from flask_openapi import HTTPBearer, OpenAPI

from rider_api.rest.routing import IDEMPOTENCY_KEY, RouteFacts


def document(app: OpenAPI, facts: Sequence[RouteFacts]) -> bytes:
    """Write the document of all registered routes."""
    app.openapi_version = "3.1.0"
    app.security_schemes = {"access_token": HTTPBearer(bearerFormat="JWT", description="ES256 access token")}
    spec = cast("dict[str, Any]", app.api_doc)
    for fact in facts:
        operation = spec["paths"][fact.path][fact.method.lower()]
        operation["x-roles"] = sorted(role.value for role in fact.roles)
        if fact.takes_key:
            operation.setdefault("parameters", []).append(_key_parameter(required=fact.needs_key))
    return json.dumps(spec).encode()


def _key_parameter(*, required: bool) -> dict[str, Any]:
    return {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": required,
        "description": "A text the client makes, keeps, and sends again with a retry of the same request.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$", "examples": ["5f0c4c1e-1b7a-4a44-9a1f-0d9f6d1d2c3b"]},
    }
