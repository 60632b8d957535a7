"""Values that all messages share: amounts, times and optional ids."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from ridesharing.common.v1 import money_pb2
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import Money


def text_of(value: UUID | None) -> str:
    return "" if value is None else str(value)


def time_to_wire(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def time_from_wire(stamp: Timestamp, path: str) -> datetime:
    """Read the time at a path of the request; `invalid_argument` (InvalidInput) for one outside the years 1 to 9999."""
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        violation = FieldViolation(path, "must be a time of the years 1 to 9999, its nanos from 0 to 999,999,999")
        raise InvalidInput("invalid_argument", "there is no such time", violations=[violation]) from None


def money_to_wire(amount: Money) -> money_pb2.Money:
    return money_pb2.Money(currency_code=amount.currency_code, amount_minor=amount.amount_minor)
