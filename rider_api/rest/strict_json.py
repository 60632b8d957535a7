"""Request bodies, read strictly: what is ambiguous, oversized or hostile is refused before any model sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NoReturn, TypeVar, cast

from pydantic import BaseModel, ValidationError

from rider_api.problems import Problem, ProblemError
from shared_kernel.errors import FieldViolation, InvalidInput

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 16
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_WORDS = {"missing": "is required", "extra_forbidden": "is not known here: check its spelling"}
_BRACKET = re.compile(r"[\[\]{}]")

M = TypeVar("M", bound=BaseModel)


def require_json(content_type: str | None) -> None:
    """Refuse (415) any body but JSON in UTF-8."""
    media_type, _, parameters = (content_type or "").partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise ProblemError(
            Problem(
                415,
                "unsupported_media_type",
                "the body must be application/json in UTF-8",
                headers={"Accept": "application/json"},
            )
        )


def parse_object(raw: bytes) -> dict[str, object]:
    """Read one JSON object (RFC 8259).

    Raises:
        InvalidInput: `malformed_json`, also for a name that occurs twice, more than 16 levels, NaN, infinities, the
            character NUL and halves of surrogate pairs.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("the body is not UTF-8")
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(text)
    try:
        document: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except InvalidInput:
        raise
    except json.JSONDecodeError as error:
        _refuse(f"the body is not JSON: see line {error.lineno}, column {error.colno}" if text else "the body is empty")
    except (ValueError, RecursionError):
        _refuse("the body is not JSON")
    if not isinstance(document, dict):
        _refuse("the body must be a JSON object")
    if "\\u" in text:
        _check_text(cast("object", document), ())
    return cast("dict[str, object]", document)


def validated(model: type[M], values: dict[str, object], reason: str = "invalid_request") -> M:
    """Hold values against a model; each refused field is named as the client wrote it (`locations[3].latitude`)."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        violations = [
            FieldViolation(_path(item["loc"]), _WORDS.get(item["type"]) or item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise InvalidInput(reason, "the request has fields that are missing, unknown or wrong", violations=violations[:50])


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text[:200]


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        _refuse(f"the name {twice[:80]!r} occurs twice in one object")
    return values


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is not JSON")


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            _refuse(f"the body is nested more than {MAX_DEPTH} levels deep")


def _check_text(value: object, within: tuple[int | str, ...]) -> None:
    """Refuse what escapes can smuggle in; the depth is bounded by now."""
    if isinstance(value, str):
        if "\x00" in value or (not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)):
            violation = FieldViolation(_path(within), "must not contain NUL or half of a surrogate pair")
            _refuse("a text holds a character that is not allowed", [violation])
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            _check_text(name, within)
            _check_text(item, (*within, name))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            _check_text(item, (*within, index))


def _refuse(why: str, violations: Sequence[FieldViolation] = ()) -> NoReturn:
    raise InvalidInput("malformed_json", why, violations=violations)
