"""Validation of messages by the rules in the contract (`buf.validate` options)."""

from __future__ import annotations

import protovalidate
from google.protobuf.message import Message

from shared_kernel.errors import FieldViolation, InvalidInput

_VALIDATOR = protovalidate.Validator()
_MAX_VIOLATIONS = 20


def validate(message: Message) -> None:
    """Refuse a message that breaks its contract.

    Raises:
        InvalidInput: `invalid_argument`, naming each refused field by its path (at most 20 of them).
    """
    violations = _VALIDATOR.collect_violations(message)
    if violations:
        raise InvalidInput(
            "invalid_argument",
            "the request does not fit its contract",
            violations=[_violation(item) for item in violations[:_MAX_VIOLATIONS]],
        )


def _violation(item: protovalidate.Violation) -> FieldViolation:
    path = ""
    for element in item.proto.field.elements if item.proto.field else ():
        path += f".{element.field_name}" if path else element.field_name
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return FieldViolation(path, item.proto.message or item.proto.rule_id or "is not valid")
