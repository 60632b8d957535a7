"""What breaks clients between two OpenAPI documents: requests that are refused now, and what answers miss now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

Schema = dict[str, Any]

_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MAX_DEPTH = 12


def breaks(before: Schema, after: Schema) -> list[str]:
    """Name each change from one document to another that a client which keeps to the first one notices."""
    found: list[str] = []
    for path, methods in before["paths"].items():
        for method, old in methods.items():
            name = f"{method.upper()} {path}"
            new = after["paths"].get(path, {}).get(method)
            found += [f"{name} is gone"] if new is None else _Comparison(before, after).operation(name, old, new)
    return found


class _Comparison:
    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before
        self._after = after

    def operation(self, name: str, old: Schema, new: Schema) -> list[str]:
        found = [f"{name} is refused to the role {role}" for role in set(old["x-roles"]) - set(new["x-roles"])]
        if old.get("x-scope") != new.get("x-scope") and new.get("x-scope") != "open":
            found.append(f"{name} takes another scope: {new.get('x-scope')} instead of {old.get('x-scope')}")
        found += self._parameters(name, old.get("parameters", ()), new.get("parameters", ()))
        old_body, new_body = old.get("requestBody"), new.get("requestBody")
        if new_body is not None:
            if new_body.get("required") and not (old_body or {}).get("required"):
                found.append(f"{name} needs a body now")
            if old_body is not None:
                found += self._request(f"{name} body", _json_of(old_body), _json_of(new_body), 0)
        elif old_body is not None:
            found.append(f"{name} takes no body any more")
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in new["responses"]:
                found.append(f"{name} does not answer {status} any more")
            elif answer.get("content"):
                told = _json_of(new["responses"][status])
                found += self._answer(f"{name} {status}", _json_of(answer), told, 0)
        return found

    def _parameters(self, name: str, old: Any, new: Any) -> Iterator[str]:
        known = {(item["in"], item["name"]): item for item in old}
        taken = {(item["in"], item["name"]): item for item in new}
        for key, item in taken.items():
            if item.get("required") and not known.get(key, {}).get("required"):
                yield f"{name} needs the parameter {key[1]} now"
            if key in known:
                yield from self._request(f"{name} {key[1]}", known[key]["schema"], item["schema"], 0)
        for key in known.keys() - taken.keys():
            yield f"{name} takes no parameter {key[1]} any more"

    def _request(self, where: str, old: Schema, new: Schema, depth: int) -> Iterator[str]:
        """Name what of a request is refused now."""
        old, new = _resolved(self._before, old), _resolved(self._after, new)
        if depth > _MAX_DEPTH:
            return
        if missing := _types(self._before, old) - _types(self._after, new):
            yield f"{where} may not be {'/'.join(sorted(missing))} any more"
        if new.get("enum") and set(map(str, old.get("enum", ["anything"]))) - set(map(str, new["enum"])):
            yield f"{where} takes fewer values"
        yield from _tightened(where, old, new)
        for field in set(new.get("required", ())) - set(old.get("required", ())):
            yield f"{where}.{field} is required now"
        for field, part in cast("Mapping[str, Schema]", old.get("properties", {})).items():
            told = new.get("properties", {}).get(field)
            if told is None and new.get("additionalProperties") is False:
                yield f"{where}.{field} is not known any more"
            elif told is not None:
                yield from self._request(f"{where}.{field}", part, told, depth + 1)
        if "items" in old and "items" in new:
            yield from self._request(f"{where}[]", old["items"], new["items"], depth + 1)

    def _answer(self, where: str, old: Schema, new: Schema, depth: int) -> Iterator[str]:
        """Name what of an answer is missing, or is of a type that clients do not expect."""
        old, new = _resolved(self._before, old), _resolved(self._after, new)
        if depth > _MAX_DEPTH:
            return
        if more := _types(self._after, new) - _types(self._before, old):
            yield f"{where} may be {'/'.join(sorted(more))} now"
        for field in set(old.get("required", ())) - set(new.get("required", ())):
            yield f"{where}.{field} may be missing now"
        for field, part in cast("Mapping[str, Schema]", old.get("properties", {})).items():
            told = new.get("properties", {}).get(field)
            if told is None:
                yield f"{where}.{field} is gone"
            else:
                yield from self._answer(f"{where}.{field}", part, told, depth + 1)
        if "items" in old and "items" in new:
            yield from self._answer(f"{where}[]", old["items"], new["items"], depth + 1)


def _tightened(where: str, old: Schema, new: Schema) -> Iterator[str]:
    if new.get("pattern") != old.get("pattern") and new.get("pattern"):
        yield f"{where} takes another pattern"
    for bound in _UPPER_BOUNDS:
        if bound in new and new[bound] < old.get(bound, float("inf")):
            yield f"{where} has a lower {bound}"
    for bound in _LOWER_BOUNDS:
        if bound in new and new[bound] > old.get(bound, float("-inf")):
            yield f"{where} has a higher {bound}"


def _json_of(holder: Schema) -> Schema:
    content: dict[str, Schema] = holder.get("content", {})
    return next((item.get("schema", {}) for item in content.values()), {})


def _resolved(document: Schema, schema: Schema) -> Schema:
    """Follow references, and see an optional part as what it is where it is given."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    given = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    return _resolved(document, given[0]) if len(given) == 1 else schema


def _types(document: Schema, schema: Schema) -> set[str]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return set[str]().union(*(_types(document, part) for part in schema["anyOf"]))
    kind = schema.get("type")
    return {kind} if isinstance(kind, str) else set(kind or ())
