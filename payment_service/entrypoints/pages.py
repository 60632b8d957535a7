"""Pages of lists: their sizes, and the opaque tokens that say where the last one ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from shared_kernel.errors import FieldViolation, InvalidInput

Place = TypeVar("Place")
_DEFAULT_SIZE = 50


def page_size(asked: int) -> int:
    """Return how many to give (the contract bounds what may be asked); 0 asks for the usual 50."""
    return asked or _DEFAULT_SIZE


def write_token(*parts: object) -> str:
    """Write where a page ended."""
    return base64.urlsafe_b64encode(json.dumps([str(part) for part in parts]).encode()).decode()


def read_token(token: str, read: Callable[..., Place]) -> Place | None:
    """Read where the last page ended, by a reader of its parts; None for the first page.

    Raises:
        InvalidInput: `invalid_page_token`.
    """
    if not token:
        return None
    try:
        parts: Any = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in cast("list[Any]", parts)):
            raise ValueError("not a list of text")
        return read(*cast("list[str]", parts))
    except (ValueError, TypeError, OverflowError):
        violation = FieldViolation("page_token", "must be the next_page_token of an answer")
        raise InvalidInput("invalid_page_token", "the page token is not one of ours", violations=[violation]) from None


def read_time(text: str) -> datetime:
    """Read a time that is a part of a token; ValueError or OverflowError for one without zone or outside all years."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC)
