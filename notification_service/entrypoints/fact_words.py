"""What the events of several services have in common: amounts, places, times and words as the public reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from notification_service.domain.facts import Fact
from ridesharing.common.v1.geo_point_pb2 import Place
from ridesharing.common.v1.money_pb2 import Money as WireMoney
from ridesharing.matching.v1 import rides_pb2
from shared_kernel.money import Money

FactReaders = Mapping[type[Message], Callable[[Any, int], Fact | None]]
"""By the type of an event: reads one, with its aggregate's version, as the fact that people are told of, if any are."""


def funding(name: str) -> str:
    """Write a funding in public; one that is not told, by a release that knew no other, is a card."""
    word = name.removeprefix("FUNDING_").lower()
    return "card" if word == "unspecified" else word


def kind_of_ride(number: rides_pb2.RideKind.ValueType) -> str:
    """Write a kind of ride in public; one that is not told, by a release that knew no other, is private."""
    word = rides_pb2.RideKind.Name(number or rides_pb2.RIDE_KIND_PRIVATE)
    return word.removeprefix("RIDE_KIND_").lower()


def uuid_or_none(text: str) -> UUID | None:
    """Read an id; empty is none."""
    return UUID(text) if text else None


def money(amount: WireMoney) -> Money:
    """Read an amount."""
    return Money(amount.currency_code, amount.amount_minor)


def place(where: Place) -> dict[str, Any]:
    """Write a place in public."""
    return {"latitude": where.point.latitude, "longitude": where.point.longitude, "address": where.address or None}


def rfc3339(time: Timestamp) -> str:
    """Write a time in public."""
    return time.ToDatetime(tzinfo=UTC).isoformat().replace("+00:00", "Z")
