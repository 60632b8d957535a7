"""Hypothesis strategies for messages of the contracts: mostly what their rules allow, sometimes anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from buf.validate import validate_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
_EDGES = (0, 1, -1, 100, 2**31 - 1, -(2**31), 2**53, 2**63 - 1, -(2**63))
_TEXTS = ("", "USD", "usd", "\0", "é" * 40, "x" * 300, "'; DROP TABLE rides; --", "\U0001f695", "-1", "null")
_MAX_DEPTH = 5


class Messages:
    """Makes strategies; known ids by field name are used more often than random ones."""

    def __init__(self, known_ids: Mapping[str, Sequence[str]]) -> None:
        self._known = known_ids

    def of(self, descriptor: Descriptor) -> st.SearchStrategy[Message]:
        """Return messages of a type."""
        return self._message(descriptor, 0)

    def _message(self, descriptor: Descriptor, depth: int) -> st.SearchStrategy[Message]:
        kind = message_factory.GetMessageClass(descriptor)
        if descriptor.full_name == "google.protobuf.Timestamp":
            return st.builds(
                kind,
                seconds=st.sampled_from((0, 1, 1_893_456_000, 253_402_300_799, -62_135_596_800))
                | st.integers(1_600_000_000, 2_000_000_000)
                | st.integers(-(2**63), 2**63 - 1),
                nanos=st.just(0) | st.integers(-(2**31), 2**31 - 1),
            )
        fields: dict[str, st.SearchStrategy[Any]] = {}
        for field in descriptor.fields:
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                continue
            if field.message_type is not None and depth >= _MAX_DEPTH:
                continue
            one = self._field(field, depth)
            fields[field.name] = st.lists(one, max_size=3) if field.is_repeated else one
        # Fields are left out now and then; of a oneof, the last one that is set counts.
        return st.fixed_dictionaries({}, optional=fields).map(lambda values: kind(**_fitting(values)))

    def _field(self, field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
        if field.message_type is not None:
            return self._message(field.message_type, depth + 1)
        if field.enum_type is not None:
            numbers = [value.number for value in field.enum_type.values]
            return st.sampled_from([*numbers, *numbers, 99, -1])
        if field.type in _INTEGERS:
            return self._integer(field)
        if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
            return self._fraction(field)
        plain = {FieldDescriptor.TYPE_BOOL: st.booleans(), FieldDescriptor.TYPE_BYTES: st.binary(max_size=64)}
        known = plain.get(field.type)
        return self._text(field) if known is None else known

    def _fraction(self, field: FieldDescriptor) -> st.SearchStrategy[float]:
        width = 32 if field.type == FieldDescriptor.TYPE_FLOAT else 64
        near = {"latitude": 37.78, "longitude": -122.41}.get(field.name)
        usual = st.floats(near - 0.02, near + 0.02) if near is not None else st.floats(0, 100)
        odd = st.sampled_from((math.nan, math.inf, -math.inf, 0.0, -0.0, 91.0, 181.0))
        return usual | usual | odd | st.floats(width=width)

    def _integer(self, field: FieldDescriptor) -> st.SearchStrategy[int]:
        low, high = _INTEGERS[field.type]
        edges = st.sampled_from([edge for edge in _EDGES if low <= edge <= high])
        return st.integers(max(low, 1), 100) | edges | st.integers(low, high)

    def _text(self, field: FieldDescriptor) -> st.SearchStrategy[str]:
        rules = cast("Any", field.GetOptions()).Extensions[validate_pb2.field].string
        odd = st.sampled_from(_TEXTS) | st.text(max_size=40)
        if rules.uuid:
            known = list(self._known.get(field.name, ()))
            ids = st.uuids().map(str)
            return st.sampled_from(known) | st.sampled_from(known) | ids | odd if known else ids | ids | odd
        if rules.pattern:
            fitting = st.from_regex(rules.pattern, fullmatch=True).filter(_ends_in_its_line)
            usual = st.just("USD") if field.name == "currency_code" else fitting
            return usual | usual | odd
        return st.text(min_size=rules.min_len, max_size=max(rules.min_len, 20)) | odd


def _ends_in_its_line(text: str) -> bool:
    # `$` also matches before a last line feed.
    return not text.endswith("\n")


def _fitting(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out text that no protobuf library can write: halves of surrogate pairs."""
    return {
        name: value
        for name, value in values.items()
        if not isinstance(value, str) or not any("\ud800" <= letter <= "\udfff" for letter in value)
    }
