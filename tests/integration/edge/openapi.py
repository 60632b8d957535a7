"""The OpenAPI document as tests use it: example requests out of it, answers held against it."""

import re
from collections.abc import Callable
from typing import Any, cast

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_URI = "urn:openapi"


class Document:
    """One OpenAPI 3.1 document."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self._registry: Registry[Any] = Registry().with_resource(_URI, DRAFT202012.create_resource(spec))

    def operation(self, method: str, path: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.spec["paths"][path][method.lower()])

    def check(self, method: str, path: str, status: int, media_type: str | None, body: Any) -> None:
        """Fail unless an answer is one that the document tells of."""
        answers = self.operation(method, path)["responses"]
        assert str(status) in answers, f"{method} {path} answers {status}, which is not documented"
        content = answers[str(status)].get("content")
        if content is None:
            assert body is None
            return
        assert media_type in content, f"{method} {path} answers {status} as {media_type}"
        self.check_schema(content[media_type]["schema"], body)

    def check_schema(self, schema: dict[str, Any], body: Any) -> None:
        absolute = {"$ref": f"{_URI}{schema['$ref']}"} if "$ref" in schema else schema
        Draft202012Validator(
            absolute, registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(body)

    def example_body(self, method: str, path: str) -> Any:
        """A body by the document's own examples; None where the route takes none."""
        body = self.operation(method, path).get("requestBody")
        return None if body is None else self._example(body["content"]["application/json"]["schema"])

    def example_address(self, method: str, path: str) -> str:
        """The path with its parameters filled in, and the required part of the query."""
        query: list[str] = []
        for parameter in self.operation(method, path).get("parameters", ()):
            value = str(self._example(parameter["schema"]))
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", value)
            elif parameter["in"] == "query" and parameter["required"]:
                query.append(f"{parameter['name']}={value}")
        assert not re.search(r"[{}]", path)
        return f"{path}?{'&'.join(query)}" if query else path

    def _example(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            schema = self.spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for name in ("examples", "enum"):
            if schema.get(name):
                return schema[name][0]
        if "anyOf" in schema:
            return self._example(schema["anyOf"][0])
        text = "01890a5d-ac96-774b-bcce-b302099a8057" if schema.get("format") == "uuid" else "x"
        by_type: dict[str, Callable[[], Any]] = {
            "object": lambda: {name: self._example(inner) for name, inner in schema.get("properties", {}).items()},
            "array": lambda: [self._example(schema["items"])],
            "boolean": lambda: True,
            "integer": lambda: schema.get("minimum", 1),
            "number": lambda: schema.get("minimum", 1),
            "string": lambda: text,
        }
        return by_type[schema["type"]]()
