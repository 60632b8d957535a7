"""The same request but for one field: what a key must tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.integration.payment.bad_input import copy_of
from tests.integration.payment.contract import MONEY, TIMESTAMP, Place


def others(good: Message, place: Place, told: Mapping[str, object]) -> list[Any]:
    """Return copies of a good request, each with another good value in a field; none for its key and for parts.

    `told` has the values that cannot be made by type; None where there is no other.
    """
    if place.path == "request_id":
        return []
    if place.path in told:
        value = told[place.path]
        return [] if value is None else [place.with_value(good, value)]
    if place.type_name == MONEY:
        return _other_amounts(good, place)
    if place.type_name == TIMESTAMP:
        copy = copy_of(good)
        getattr(place.part(copy), place.field.name).seconds += 1
        return [copy]
    other = None if place.field.is_repeated else _other_value(place, place.value(good))
    return [] if other is None else [place.with_value(good, other)]


def _other_amounts(good: Message, place: Place) -> list[Any]:
    more, elsewhere = copy_of(good), copy_of(good)
    getattr(place.part(more), place.field.name).amount_minor += 1
    getattr(place.part(elsewhere), place.field.name).currency_code = "EUR"
    return [more, elsewhere]


def _other_value(place: Place, value: Any) -> object:
    match place.field.type:
        case FieldDescriptor.TYPE_STRING:
            return str(uuid4()) if place.is_id else f"{value}x"
        case FieldDescriptor.TYPE_INT32 | FieldDescriptor.TYPE_INT64:
            return value + 1
        case FieldDescriptor.TYPE_BOOL:
            return not value
        case FieldDescriptor.TYPE_ENUM:
            kinds: Any = place.field.enum_type
            return next(item.number for item in kinds.values if item.number not in {0, value})
        case _:
            return None
