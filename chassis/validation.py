"""Validation of messages: their encoding, the rules in the contract (`buf.validate` options), and no NUL in text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from shared_kernel.errors import FieldViolation, InvalidInput

_VALIDATOR = protovalidate.Validator()
_MAX_VIOLATIONS = 20
_LEFT_TO_READERS: set[Descriptor] = set()


def parse(deserialize: Callable[[bytes], Message], raw: bytes) -> Message:
    """Read a message from its encoding.

    Raises:
        InvalidInput: `malformed_message`, for bytes that are no such message and for text that is not UTF-8.
    """
    try:
        return deserialize(raw)
    except DecodeError:
        raise InvalidInput(
            "malformed_message",
            "the request is not a protobuf message of the type that this call takes, or a text in it is not UTF-8",
        ) from None


def leave_to_reader(message_type: Descriptor) -> None:
    """Let a message in unvalidated: who reads it holds every rule of its contract, and has `validate` name what breaks.

    For messages of many small parts that come thousands a second, whose reader looks at each number anyhow.
    """
    _LEFT_TO_READERS.add(message_type)


def validate_on_arrival(message: Message) -> None:
    """Validate a request as it comes in, unless its reader does. Raises InvalidInput `invalid_argument`."""
    if message.DESCRIPTOR not in _LEFT_TO_READERS:
        validate(message)


def validate(message: Message) -> None:
    """Refuse a message that breaks its contract, or that no store can keep: PostgreSQL's text has no NUL.

    Raises:
        InvalidInput: `invalid_argument`, naming each refused field by its path (at most 20 of them).
    """
    violations = [_violation(item) for item in _VALIDATOR.collect_violations(message)]
    violations += [FieldViolation(path, "must not contain the character NUL") for path in _paths_of_nul(message)]
    if violations:
        raise InvalidInput(
            "invalid_argument", "the request does not fit its contract", violations=violations[:_MAX_VIOLATIONS]
        )


def _violation(item: protovalidate.Violation) -> FieldViolation:
    path = ""
    for element in item.proto.field.elements if item.proto.field else ():
        path += f".{element.field_name}" if path else element.field_name
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return FieldViolation(path, item.proto.message or item.proto.rule_id or "is not valid")


def _paths_of_nul(message: Message, prefix: str = "") -> Iterator[str]:
    for name, is_repeated, is_message in _fields_with_text(message.DESCRIPTOR):
        values: Any = getattr(message, name)
        if not is_repeated:
            if is_message and not message.HasField(name):
                continue
            values = (values,)
        for index, value in enumerate(values):
            path = f"{prefix}{name}[{index}]" if is_repeated else f"{prefix}{name}"
            if is_message:
                yield from _paths_of_nul(value, f"{path}.")
            elif "\0" in value:
                yield path


@cache
def _fields_with_text(descriptor: Descriptor) -> tuple[tuple[str, bool, bool], ...]:
    """Name the fields that are text or hold some within, so that what has none (a batch of pings) costs nothing."""
    return tuple(
        (field.name, field.is_repeated, field.message_type is not None)
        for field in descriptor.fields
        if _has_text(field, frozenset())
    )


def _has_text(field: FieldDescriptor, within: frozenset[str]) -> bool:
    kind = field.message_type
    if kind is None:
        return field.type == FieldDescriptor.TYPE_STRING
    if kind.full_name in within:
        return False
    return any(_has_text(part, within | {kind.full_name}) for part in kind.fields)
