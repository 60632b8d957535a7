"""Values that all messages share: amounts, times and optional ids."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from ridesharing.common.v1 import money_pb2
from shared_kernel.money import Money


def text_of(value: UUID | None) -> str:
    return "" if value is None else str(value)


def time_to_wire(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def money_to_wire(amount: Money) -> money_pb2.Money:
    return money_pb2.Money(currency_code=amount.currency_code, amount_minor=amount.amount_minor)
