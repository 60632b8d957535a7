"""How the generator of the clients reads the OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest

from tools.clients import python, typescript
from tools.clients.__main__ import main
from tools.clients.contract import Choice, Field, Listed, NotUnderstood, Optional, Scalar, read_contract, type_of


def document(**schemas: Any) -> dict[str, Any]:
    """A document with one list, one change and some models."""
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}}}
    page = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
    text = {"type": "string"}
    cursor = {"name": "cursor", "in": "query", "required": False, "schema": text}
    return {
        "paths": {
            "/v1/things/{thing_id}": {
                "get": {
                    "operationId": "list_things",
                    "parameters": [{"name": "thing_id", "in": "path", "required": True, "schema": text}, cursor],
                    "responses": {"200": page},
                }
            },
            "/v1/wishes": {
                "post": {
                    "operationId": "wish",
                    "parameters": [{"name": "from", "in": "query", "required": True, "schema": text}, key],
                    "requestBody": body,
                    "responses": {"204": {}},
                },
            },
        },
        "components": {
            "schemas": {
                "Page": {
                    "type": "object",
                    "required": ["items"],
                    "properties": {
                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                        "next_cursor": {"anyOf": [text, {"type": "null"}]},
                    },
                },
                "Thing": {"type": "object", "properties": {"state": {"enum": ["new", "old"], "type": "string"}}},
                "Wish": {
                    "type": "object",
                    "required": ["state"],
                    "properties": {"state": {"enum": ["new", "old"], "type": "string"}, "count": {"type": "integer"}},
                },
                **schemas,
            }
        },
    }


def test_what_is_sent_may_lack_fields_and_what_is_answered_may_not() -> None:
    models = {model.name: model for model in read_contract(document()).models}
    assert models["Wish"].fields[1] == Field("count", Scalar("integer"), required=False)
    assert models["Page"].fields[1] == Field("next_cursor", Optional(Scalar("string")), required=True)


def test_choices_are_closed_where_they_are_sent_and_open_where_they_are_answered() -> None:
    contract = read_contract(document())
    assert python.models_module(contract).count('Literal["new", "old"]') == 1
    assert '  state: "new" | "old";' in typescript.models_module(contract)
    assert '  state: "new" | "old" | (string & {});' in typescript.models_module(contract)


def test_a_list_has_an_iterator_of_its_items_and_a_change_a_key() -> None:
    contract = read_contract(document())
    of_python = python.operations_module(contract)
    assert "def iterate_things(self, thing_id: str) -> AsyncIterator[Thing]:" in of_python
    assert 'async def wish(self, body: Wish, *, from_: str, idempotency_key: str = "") -> None:' in of_python
    of_typescript = typescript.operations_module(contract)
    assert "iterateThings(thingId: string): AsyncGenerator<Thing>" in of_typescript
    assert "wish(body: Wish, query: { from: string }, options: Changing = {}): Promise<void>" in of_typescript


def test_types_are_read_as_they_nest() -> None:
    schema = {"anyOf": [{"type": "array", "items": {"enum": ["a"]}}, {"type": "null"}]}
    assert type_of(schema, "here") == Optional(Listed(Choice(("a",))))


@pytest.mark.parametrize("schema", [{"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"type": "tuple"}])
def test_a_form_that_is_not_known_stops_the_generator_by_name(schema: dict[str, Any]) -> None:
    odd = {"type": "object", "properties": {"part": schema}}
    with pytest.raises(NotUnderstood, match=r"Odd\.part"):
        read_contract(document(Odd=odd))


def test_the_committed_clients_are_those_of_the_routes() -> None:
    assert main(["--check"]) == 0
