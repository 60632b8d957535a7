"""The versions of a city's policy: each a whole document, in force from a time until a later version is."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

_MAX_TEXT = 500
"""Characters of a value in a change: enough for an amount or a list of windows; a coast is cut."""
_ORDERED = "fares"
"""Of these tables the first that fits counts: their order is a key of its own."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version. `made_by` is the operator's account, and None where the city's file was taken over."""

    city: str
    version: int
    effective_at: datetime
    document: str
    made_at: datetime
    made_by: UUID | None = None
    note: str = ""


class Effect(NamedTuple):
    """From when a version would be in force."""

    version: int
    effective_at: datetime


def version_in_force(effects: Iterable[Effect], now: datetime) -> int | None:
    """Return the version in force: the highest whose time has come. A version put later wins over one before it, also
    over one that was to become effective later still."""
    return max((effect.version for effect in effects if effect.effective_at <= now), default=None)


class PolicyChange(NamedTuple):
    """One key of the document that two versions differ in; a value is empty where the key is not there."""

    key: str
    before: str
    after: str


def changes_between(before: str, after: str) -> list[PolicyChange]:
    """Compare two readable documents key by key; comments and form do not count, nor order but that of fare rules."""
    old, new = dict(_flat(tomllib.loads(before))), dict(_flat(tomllib.loads(after)))
    return [
        PolicyChange(key, old.get(key, "")[:_MAX_TEXT], new.get(key, "")[:_MAX_TEXT])
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        table: Mapping[str, Any] = value
        for key, inner in table.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        items: list[Any] = value
        names = _names(items)
        if path == _ORDERED:
            yield path, json.dumps(names, ensure_ascii=False)
        for name, item in zip(names, items, strict=True):
            yield from _flat(item, f"{path}.{name}")
    else:
        yield path, json.dumps(value, ensure_ascii=False, default=str)


def _names(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name tables by their names, or by their places where they have none; a second one of a name is told apart."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for index, table in enumerate(tables):
        name = str(table.get("name", index))
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
