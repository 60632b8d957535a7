"""The OpenAPI document, reduced to what a client needs: models with typed fields, operations with typed parts.

Only the forms that the edge writes are read; another one stops the generator by name, so that no client is wrong in
silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_JSON = "application/json"
_KEY_HEADER = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, an integer, a number or a boolean."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some texts. Open in answers: a newer service may know more of them."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Another model."""

    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Any number of something."""

    item: Type


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object with any keys."""

    item: Type


@dataclass(frozen=True, slots=True)
class Optional:
    """Something or null."""

    item: Type


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON."""


Type = Scalar | Choice | Named | Listed | Keyed | Optional | Anything


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a model, or a parameter of an operation."""

    name: str
    type: Type
    required: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """An object of the contract."""

    name: str
    text: str
    fields: tuple[Field, ...]
    is_sent: bool
    """Whether clients send it; else they only get it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client can ask for."""

    name: str
    """The operation's id, snake_case."""
    method: str
    path: str
    text: str
    path_fields: tuple[Field, ...]
    query_fields: tuple[Field, ...]
    body: str | None
    """The model of the body."""
    body_required: bool
    answer: str | None
    """The model of the answer; None for no body, or for a document that is no JSON."""
    is_document: bool
    """Whether the answer is a document (CSV, HTML), handed out as bytes."""
    takes_key: bool
    roles: tuple[str, ...]
    page_item: Type | None
    """What a page of a list has, where the operation reads one."""


@dataclass(frozen=True, slots=True)
class Contract:
    """All of it, in the order of the document."""

    models: tuple[Model, ...]
    operations: tuple[Operation, ...]


class NotUnderstood(Exception):
    """The document has a form that the generator does not know."""


def read_contract(document: Mapping[str, Any]) -> Contract:
    """Read a document.

    Raises:
        NotUnderstood: it has a form that this does not know.
    """
    schemas = cast("dict[str, dict[str, Any]]", document["components"]["schemas"])
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    sent = _reachable(schemas, [operation.get("requestBody") for _, _, operation in operations])
    told = {f"{_JSON}": [answer for _, _, operation in operations for answer in operation["responses"].values()]}
    # A problem leaves out what it has nothing to say on; every other answer has all of its fields.
    sparse = _reachable(schemas, [_problem_of(answer) for answer in told[_JSON]])
    models = [_model(name, schema, sent, sparse) for name, schema in sorted(schemas.items())]
    by_name = {model.name: model for model in models}
    return Contract(tuple(models), tuple(_operation(path, method, item, by_name) for path, method, item in operations))


def _problem_of(answer: Mapping[str, Any]) -> Any:
    return answer.get("content", {}).get("application/problem+json")


def _reachable(schemas: Mapping[str, Any], roots: object) -> set[str]:
    found: set[str] = set()
    waiting = list(_references(roots))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            if key == "$ref":
                yield str(item).rpartition("/")[2]
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _references(item)


def _model(name: str, schema: Mapping[str, Any], sent: set[str], sparse: set[str]) -> Model:
    if schema.get("type") != "object":
        raise NotUnderstood(f"{name} is no object")
    required = set(schema.get("required", ()))
    whole = name not in sent and name not in sparse
    fields = tuple(
        Field(key, type_of(item, f"{name}.{key}"), whole or key in required, _text(item))
        for key, item in schema.get("properties", {}).items()
    )
    return Model(name, _text(schema), fields, name in sent)


def type_of(schema: Mapping[str, Any], where: str) -> Type:  # noqa: PLR0911 (an arm a form)
    """Read the type of a schema; `where` names it in an error."""
    if "$ref" in schema:
        return Named(str(schema["$ref"]).rpartition("/")[2])
    if "anyOf" in schema:
        some = [item for item in schema["anyOf"] if item.get("type") != "null"]
        if len(some) != 1:
            raise NotUnderstood(f"{where} is one of several things")
        inner = type_of(some[0], where)
        return Optional(inner) if len(some) < len(schema["anyOf"]) else inner
    if "enum" in schema or "const" in schema:
        return Choice(tuple(str(value) for value in schema.get("enum", [schema.get("const")])))
    kind = schema.get("type")
    if kind == "array":
        return Listed(type_of(schema["items"], where))
    if kind == "object":
        inner = schema.get("additionalProperties")
        return Keyed(type_of(cast("dict[str, Any]", inner), where) if isinstance(inner, dict) and inner else Anything())
    if kind in _SCALARS:
        return Scalar(str(kind))
    if kind is None and not schema.keys() - {"title", "description", "examples", "default"}:
        return Anything()
    raise NotUnderstood(f"{where} has the type {kind}")


def _operation(path: str, method: str, operation: Mapping[str, Any], models: Mapping[str, Model]) -> Operation:
    name = str(operation["operationId"])
    places: dict[str, list[Field]] = {"path": [], "query": []}
    takes_key = False
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":
            takes_key = takes_key or parameter["name"] == _KEY_HEADER
            continue
        kind = type_of(parameter["schema"], f"{name} {parameter['name']}")
        kind = kind.item if isinstance(kind, Optional) else kind
        places[parameter["in"]].append(
            Field(parameter["name"], kind, parameter["required"], _text(parameter) or _text(parameter["schema"]))
        )
    if set(re.findall(r"{(\w+)}", path)) != {field.name for field in places["path"]}:
        raise NotUnderstood(f"{name} has a path whose parts are not told")
    body = operation.get("requestBody")
    answers = [answer.get("content") for status, answer in operation["responses"].items() if status.startswith("2")]
    content = next((item for item in answers if item), {})
    answer = _name_of(content[_JSON]["schema"], name) if _JSON in content else None
    return Operation(
        name=name,
        method=method.upper(),
        path=path,
        text=" ".join(filter(None, (operation.get("summary", ""), operation.get("description", "")))),
        path_fields=tuple(places["path"]),
        query_fields=tuple(places["query"]),
        body=_name_of(body["content"][_JSON]["schema"], name) if body else None,
        body_required=bool(body and body.get("required")),
        answer=answer,
        is_document=bool(content) and answer is None,
        takes_key=takes_key,
        roles=tuple(operation.get("x-roles", ())),
        page_item=_page_item(places["query"], models.get(answer or "")),
    )


def _name_of(schema: Mapping[str, Any], where: str) -> str:
    kind = type_of(schema, where)
    if not isinstance(kind, Named):
        raise NotUnderstood(f"{where} takes or gives something that is no model")
    return kind.name


def _page_item(query: list[Field], answer: Model | None) -> Type | None:
    if answer is None or all(field.name != "cursor" for field in query):
        return None
    types = {field.name: field.type for field in answer.fields}
    items = types.get("items")
    return items.item if "next_cursor" in types and isinstance(items, Listed) else None


def _text(item: Mapping[str, Any]) -> str:
    return " ".join(str(item.get("description", "")).split())
