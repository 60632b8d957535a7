"""Stripe's request bodies: `application/x-www-form-urlencoded`, nested by brackets (`card[token]=…`, `expand[0]=…`)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import ValidationError

from jitney.sandbox.psp.errors import StripeError, invalid_parameter
from jitney.sandbox.psp.parameters import Params

MAX_BODY_BYTES = 64 * 1024
_MAX_FIELDS = 300
_MAX_DEPTH = 5

P = TypeVar("P", bound=Params)
Pairs = list[tuple[str, str]]


def read_pairs(encoded: bytes) -> Pairs:
    """Split a body or a query string into names and values.

    Raises:
        StripeError: it is not a form, or has too many fields.
    """
    try:
        text = encoded.decode("ascii")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise invalid_parameter("Invalid request: the body must be application/x-www-form-urlencoded.") from None


def fingerprint(pairs: Pairs) -> str:
    """Tell two requests' parameters apart: a SHA-256 over them in a fixed order."""
    return hashlib.sha256(json.dumps(sorted(pairs)).encode()).hexdigest()


def nest(pairs: Pairs) -> dict[str, Any]:
    """Turn `a[b]=1`, `c[0]=2`, `d[]=3` into `{"a": {"b": "1"}, "c": ["2"], "d": ["3"]}`."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _plant(tree, name, _split(name), value)
    return {key: _with_lists(branch) for key, branch in tree.items()}


def parse(params: type[P], pairs: Pairs) -> P:
    """Check a request's parameters.

    Raises:
        StripeError: `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer` or an invalid value, naming
        the first.
    """
    try:
        return params.model_validate(nest(pairs))
    except ValidationError as error:
        raise _refusal(error) from None


def _split(name: str) -> list[str]:
    head, *rest = name.replace("]", "").split("[")
    if not head or len(name) > 255 or len(rest) > _MAX_DEPTH or name.count("[") != name.count("]"):
        raise invalid_parameter(f"Invalid parameter name: {name[:100]}", name[:100])
    return [head, *rest]


def _plant(tree: dict[str, Any], name: str, path: list[str], value: str) -> None:
    node = tree
    for step in path[:-1]:
        child = node.setdefault(step, {})
        if not isinstance(child, dict):
            raise invalid_parameter(f"Invalid parameter: {name[:100]}", name[:100])
        node = child
    leaf = path[-1] or str(len(node))
    if leaf in node:
        raise invalid_parameter(f"Received duplicate parameter: {name[:100]}", name[:100])
    node[leaf] = value


def _with_lists(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    children: dict[str, Any] = {key: _with_lists(child) for key, child in branch.items()}
    if children and all(key.isascii() and key.isdecimal() for key in children):
        return [children[key] for key in sorted(children, key=int)]
    return children


def _refusal(error: ValidationError) -> StripeError:
    first = error.errors(include_url=False)[0]
    head, *rest = [str(part) for part in first["loc"]] or ["request"]
    param = head + "".join(f"[{part}]" for part in rest)
    match first["type"]:
        case "extra_forbidden":
            return invalid_parameter(f"Received unknown parameter: {param}", param, "parameter_unknown")
        case "missing":
            return invalid_parameter(f"Missing required param: {param}.", param, "parameter_missing")
        case "invalid_integer":
            return invalid_parameter(f"Invalid integer: {str(first['input'])[:50]}", param, "parameter_invalid_integer")
        case "greater_than_equal":
            message = f"This value must be greater than or equal to {first.get('ctx', {}).get('ge', 1)}."
            return invalid_parameter(message, param, "parameter_invalid_integer")
        case "less_than_equal" if param.startswith("amount"):
            return invalid_parameter("Amount must be no more than 99999999.", param, "amount_too_large")
        case _:
            return invalid_parameter(f"Invalid {param}: {first['msg']}", param)
