"""Examples for the OpenAPI document: each operation gets a request and an answer, made of the fields' own examples."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
_BY_FORMAT = {"uuid": _UUID, "date-time": "2030-01-01T12:00:00Z", "date": "2030-01-01"}
_MAX_DEPTH = 8


def add_examples(spec: Schema) -> None:
    """Give every request body and every successful answer an example."""
    for item in spec["paths"].values():
        for operation in item.values():
            holders = [operation.get("requestBody")]
            holders += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            for holder in holders:
                for media in (holder or {}).get("content", {}).values():
                    if "schema" in media and "example" not in media and "examples" not in media:
                        media["example"] = example_of(spec, media["schema"])


def example_of(spec: Schema, schema: Schema, depth: int = 0) -> Any:
    """Return a value that fits a schema, the field's own example where it has one."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return example_of(spec, schema["anyOf"][0], depth)
    return _of_type(spec, schema, depth)


def _of_type(spec: Schema, schema: Schema, depth: int) -> Any:
    match schema.get("type"):
        case "object":
            fields: dict[str, Schema] = schema.get("properties", {})
            return {name: example_of(spec, field, depth + 1) for name, field in fields.items()}
        case "array":
            return [] if depth > _MAX_DEPTH else [example_of(spec, schema["items"], depth + 1)]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "null":
            return None
        case _:
            return _BY_FORMAT.get(schema.get("format", ""), "text"[: schema.get("maxLength", 4)])
