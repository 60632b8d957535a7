"""The refusal of a city's document: which keys are at fault and why, as many as a refusal carries."""

from __future__ import annotations

from collections.abc import Sequence

from shared_kernel.errors import FieldViolation, InvalidInput

_MOST_TOLD, _MOST_TEXT = 20, 120
"""A refusal travels in the headers of HTTP/2, of which gRPC takes 8 KB: a longer one would not arrive at all."""


def unusable(faults: Sequence[FieldViolation]) -> InvalidInput:
    """Make the refusal `invalid_city_policy`; of many faults the first are told, and how many more there are."""
    told = [FieldViolation(_cut(fault.field), _cut(fault.description)) for fault in faults[:_MOST_TOLD]]
    if len(faults) > len(told):
        told.append(FieldViolation("the file", f"has {len(faults) - len(told)} more faults"))
    return InvalidInput("invalid_city_policy", "the city's policy cannot be used", violations=told)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}..."
