"""What all tables of the service share."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from chassis.database import new_metadata

metadata = new_metadata()


def among(column: str, values: Iterable[StrEnum]) -> str:
    """Write the condition that a column has one of these values, the same text whatever their order."""
    listed = ", ".join(f"'{value}'" for value in sorted(str(value) for value in values))
    return f"{column} IN ({listed})"
