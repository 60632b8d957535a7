"""The OpenAPI 3.1 document: what flask-openapi makes of the routes' descriptions, plus what it cannot know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel

from chassis.auth import Role
from rider_api.rest.examples import add_examples
from rider_api.rest.reading import IDEMPOTENCY_KEY
from rider_api.rest.routing import PREFIX, Description, RouteFacts, Routes
from rider_api.schemas.problems import Problem as ProblemSchema

_VERSION_PARAMETER = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what the client saw; 412 where that is no longer what stands.",
    "schema": {"type": "string", "maxLength": 64, "examples": ['"7"']},
}
_SIGNED_IN_PROBLEMS = (401, 403, 429, 500, 503, 504)
_OPEN_PROBLEMS = (429, 500, 503, 504)
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def openapi_document(routes: Sequence[Routes]) -> bytes:
    """Write the document of routes. Takes a second: what is served is the committed one."""
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
    for one in routes:
        blueprint = APIBlueprint(one.name, __name__, url_prefix=PREFIX, abp_tags=[Tag(name=one.tag)])
        for each in one.descriptions:
            _describe(blueprint, each)
        app.register_api(blueprint)
    return _document(app, [fact for one in routes for fact in one.facts])


def _describe(blueprint: APIBlueprint, each: Description) -> None:
    facts = each.facts
    is_open = Role.ANONYMOUS in facts.roles
    add: Any = getattr(blueprint, facts.method.lower())
    add(
        each.rule,
        operation_id=each.view.__name__,
        security=[] if is_open else [{"access_token": [facts.scope]}],
        responses=_responses(each.answer, each.status, is_open, facts.method, each.problems),
    )(each.view)


def _responses(
    answer: type[BaseModel] | None, status: int, is_open: bool, method: str, problems: Sequence[int]
) -> dict[str, Any]:
    statuses = {400, *(_OPEN_PROBLEMS if is_open else _SIGNED_IN_PROBLEMS), *problems}
    if method != "GET":
        statuses |= {409, 413, 415, 422}
    responses: dict[str, Any] = {str(status): answer} if answer else {"204": None}
    for code in sorted(statuses):
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(code)] = {"content": content}
    return responses


def _document(app: OpenAPI, facts: Sequence[RouteFacts]) -> bytes:
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
