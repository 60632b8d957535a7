"""What can be wrong with a request, made from a good one by the rules of its contract."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from shared_kernel.money import MAX_AMOUNT_MINOR
from tests.integration.payment.contract import MONEY, TIMESTAMP, Place, places

_INT64_MOST = 2**63 - 1
_FIRST_SECOND_AFTER_ALL_YEARS = 253_402_300_800
_TIME = "2026-11-22T00:00:00"


@dataclass(frozen=True)
class Told:
    """What a refusal says; the fields are those that it must name."""

    code: str
    reason: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spoiled:
    """A bad request: what is wrong with it, and what must be told."""

    name: str
    request: Message
    told: Told


def invalid(field: str, reason: str = "invalid_argument") -> Told:
    return Told("INVALID_ARGUMENT", reason, (field,))


def spoiled(good: Message) -> Iterator[Spoiled]:
    """Make everything that a contract's own words refuse, of each field of a good request.

    A rule that a call sees otherwise is told by the call's row in `good_input`, by the name of the bad request.
    """
    for place in places(good):
        for name, value, told in _bad_values(place):
            yield Spoiled(f"{place.path}: {name}", place.with_value(good, value), told)
        if place.type_name == MONEY:
            yield from _bad_money(good, place)
        if place.type_name == TIMESTAMP:
            for name, seconds, nanos in (
                ("after all years", _FIRST_SECOND_AFTER_ALL_YEARS, 0),
                ("far before all years", -_INT64_MOST, 0),
                ("negative nanos", 0, -1),
            ):
                copy = copy_of(good)
                getattr(place.part(copy), place.field.name).CopyFrom(Timestamp(seconds=seconds, nanos=nanos))
                yield Spoiled(f"{place.path}: {name}", copy, invalid(place.path))
            if place.rules.required:
                copy = copy_of(good)
                place.part(copy).ClearField(place.field.name)
                yield Spoiled(f"{place.path}: missing", copy, invalid(place.path))
        if place.field.is_repeated and place.rules.repeated.min_items:
            yield Spoiled(f"{place.path}: none", _repeated(good, place, 0), invalid(place.path))
        if place.field.is_repeated and place.rules.repeated.max_items:
            many = _repeated(good, place, place.rules.repeated.max_items + 1)
            yield Spoiled(f"{place.path}: too many", many, invalid(place.path))


def _bad_values(place: Place) -> Iterator[tuple[str, object, Told]]:
    field, rules = place.field, place.rules
    refused = invalid(place.path)
    if field.is_repeated:
        return
    if field.type == FieldDescriptor.TYPE_STRING:
        yield from _bad_texts(place)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield "empty", b"", refused
        yield "too long", b"x" * (rules.bytes.max_len + 1), refused
    elif field.type == FieldDescriptor.TYPE_ENUM:
        yield "out of range", 999, refused
        if 0 in rules.enum.not_in:
            yield "not told", 0, refused
    elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        bounds = rules.int32 if field.type == FieldDescriptor.TYPE_INT32 else rules.int64
        yield "below its bound", bounds.gte - 1, refused
        yield "above its bound", bounds.lte + 1, refused


def _bad_texts(place: Place) -> Iterator[tuple[str, object, Told]]:
    name, text = place.field.name, place.rules.string
    refused = invalid(place.path)
    yield "NUL", "a\0b", refused
    if name == "page_token":
        yield from ((f"token {token}", token, invalid(place.path, "invalid_page_token")) for token in _bad_tokens())
    if name == "currency_code":
        yield "unknown currency", "QQQ", invalid(place.path, "unknown_currency")
    if text.uuid:
        for value in ("x", "0" * 36, f"{uuid4()}0", "{" + str(uuid4()) + "}"):
            yield f"malformed id {value[:4]}", value, refused
    if text.pattern:
        yield "a space", "a b", refused
        yield "too long", "A" * 200, refused
    if (text.uuid or text.pattern or text.min_len) and not place.may_be_empty:
        yield "empty", "", refused
    if text.max_len:
        yield "too long", "x" * (text.max_len + 1), refused


def _bad_money(good: Message, place: Place) -> Iterator[Spoiled]:
    path = place.path
    amount, code = f"{path}.amount_minor", f"{path}.currency_code"
    for name, change, told in (
        ("unknown currency", {"currency_code": "QQQ"}, invalid(code, "unknown_currency")),
        ("another currency", {"currency_code": "EUR"}, invalid(code, "currency_mismatch")),
        ("no currency", {"currency_code": ""}, invalid(code)),
        ("currency in small letters", {"currency_code": "usd"}, invalid(code)),
        ("zero", {"amount_minor": 0}, invalid(amount, "invalid_amount")),
        ("below zero", {"amount_minor": -100}, invalid(amount, "invalid_amount")),
        ("above all bounds", {"amount_minor": MAX_AMOUNT_MINOR + 1}, invalid(amount)),
        ("below all bounds", {"amount_minor": -MAX_AMOUNT_MINOR - 1}, invalid(amount)),
        ("the most that 64 bits hold", {"amount_minor": _INT64_MOST}, invalid(amount)),
    ):
        copy = copy_of(good)
        money = getattr(place.part(copy), place.field.name)
        for field, value in ({"currency_code": "USD", "amount_minor": 100} | _fields_of(money) | change).items():
            setattr(money, field, value)
        yield Spoiled(f"{path}: {name}", copy, told)
    if place.rules.required:
        copy = copy_of(good)
        place.part(copy).ClearField(place.field.name)
        yield Spoiled(f"{path}: missing", copy, invalid(path))


def _bad_tokens() -> Iterator[str]:
    """Make tokens that are none, and tokens written as ours are whose parts are nobody's."""
    yield from ("garbage!", "AAAA", "é", "0" * 32 + ".99999", "ffff.1")
    some, huge, early = str(uuid4()), str(2**70), "0001-01-01T00:00:00+23:59"
    wrong: tuple[object, ...] = ([], [""], ["x"], [5], [None], {"a": 1}, 5, None, [["x"]], [some] * 3, ["1"] * 4)
    pairs = ([some, "x"], [huge, ""], ["-1", _TIME], ["0", early], [_TIME, some], [early, some], ["x", some])
    for parts in (*wrong, *pairs):
        yield base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _fields_of(money: Any) -> dict[str, object]:
    return {field.name: value for field, value in money.ListFields()}


def _repeated(good: Message, place: Place, count: int) -> Message:
    copy = copy_of(good)
    items = getattr(place.part(copy), place.field.name)
    first = items[0]
    del items[:]
    items.extend([first] * count)
    return copy


def copy_of(message: Message) -> Any:
    """Return a copy that may be changed."""
    copy: Any = type(message)()
    copy.CopyFrom(message)
    return copy
