"""Moments on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from shared_kernel.errors import FieldViolation, InvalidInput


def moment_from(message: Timestamp, field: str) -> datetime:
    """Read a moment. Raises InvalidInput `invalid_argument` for one that the calendar does not have."""
    try:
        return message.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        violation = FieldViolation(field, "must be a moment between the years 1 and 9999")
        raise InvalidInput("invalid_argument", f"{field} is no moment", violations=[violation]) from error


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def timestamp_or_none(moment: datetime | None) -> Timestamp | None:
    """Write a moment, if there is one."""
    return None if moment is None else timestamp(moment)
