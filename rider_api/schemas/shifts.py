"""Shifts: online, on a break, one more ride, on the way home; and as operators see them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    OpenEnum,
    PageQuery,
    Request,
    Timestamp,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.deliveries import CAPABILITIES, Capability, capability_numbers
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import dispatch_operator_service_pb2, rides_pb2

END_REASONS = OpenEnum(rides_pb2.ShiftEndReason.items(), "SHIFT_END_REASON")


class Availability(Request):
    """Takes a driver online or offline."""

    online: bool
    capabilities: list[Capability] = Field(
        default=[],
        max_length=4,
        description="What the driver is able to do beside taking rides; replaces what was told before.",
        examples=[["delivery"]],
    )

    def capability_numbers(self) -> list[rides_pb2.Capability.ValueType]:
        """Write what is declared for the contracts."""
        return capability_numbers(self.capabilities)


class Point(Answer):
    """A point on the map (WGS 84)."""

    latitude: float
    longitude: float


class Shift(Answer):
    """A driver's online period."""

    id: str = Field(examples=["shift_01h4556qpqexqvskwzpczs00jq"])
    version: int
    started_at: Timestamp
    ended_at: Timestamp | None
    end_reason: str | None = Field(examples=["asked"])
    ends_after_ride: bool
    last_ride: bool = Field(description="The next ride, or the one under way, is to be the last.")
    break_until: Timestamp | None = Field(description="Who is not back by then is taken offline.")
    heading: Point | None = Field(description="Only rides on the way there are offered.")
    silent_since: Timestamp | None = Field(description="Since when the device is not heard of.")
    silent_until: Timestamp | None = Field(description="Who is free and not heard of by then is taken offline.")
    capabilities: list[str] = Field(description="What the driver declared.")


class AvailabilityAnswer(Answer):
    """Whether the driver is online, and the shift it concerns."""

    online: bool
    shift: Shift | None


class Break(Request):
    """Pauses a shift."""

    seconds: int = Field(default=1800, ge=60, le=3600, description="For how long at most.")


class LastRide(Request):
    """Whether the shift ends with a ride."""

    last_ride: bool


class PointRequest(Request):
    """A point on the map (WGS 84) as a client names it."""

    latitude: float = Field(ge=-90, le=90, examples=[37.7793])
    longitude: float = Field(ge=-180, le=180, examples=[-122.4193])

    def message(self) -> geo_point_pb2.GeoPoint:
        """Write it for the contracts."""
        return geo_point_pb2.GeoPoint(latitude=self.latitude, longitude=self.longitude)


class Heading(Request):
    """Where a driver wants to get to; null takes all rides again."""

    destination: PointRequest | None


class ShiftSearchQuery(PageQuery):
    """Which open shifts."""

    only: Literal["silent", "on_break"] | None = None

    def filter_number(self) -> dispatch_operator_service_pb2.ShiftFilter.ValueType:
        """Write the filter for the contracts."""
        name = "UNSPECIFIED" if self.only is None else self.only.upper()
        return dispatch_operator_service_pb2.ShiftFilter.Value(f"SHIFT_FILTER_{name}")


class OperatorShift(Shift):
    """An open shift as operators see it."""

    driver_id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    driver_name: str
    vehicle_plate: str
    ride_id: str | None = Field(description="The ride that the driver is bound to.")


class OperatorShifts(Answer):
    """A page of open shifts, newest first."""

    items: list[OperatorShift]
    next_cursor: str | None


def shift(message: rides_pb2.Shift) -> Shift:
    """Convert a shift."""
    return Shift(
        id=public_id("shift", message.shift_id),
        version=message.version,
        started_at=timestamp(message.start_time),
        ended_at=timestamp(message.end_time) if message.HasField("end_time") else None,
        end_reason=END_REASONS.text_or_none(message.end_reason),
        ends_after_ride=message.ends_after_ride,
        last_ride=message.last_ride,
        break_until=timestamp(message.break_until_time) if message.HasField("break_until_time") else None,
        heading=Point(latitude=message.heading.latitude, longitude=message.heading.longitude)
        if message.HasField("heading")
        else None,
        silent_since=timestamp(message.silent_since_time) if message.HasField("silent_since_time") else None,
        silent_until=timestamp(message.silent_until_time) if message.HasField("silent_until_time") else None,
        capabilities=[CAPABILITIES.text(number) for number in message.capabilities],
    )


def operator_shift(message: dispatch_operator_service_pb2.OpenShift) -> OperatorShift:
    """Convert an open shift for operators."""
    return OperatorShift(
        **dict(shift(message.shift)),
        driver_id=public_id("acct", message.shift.driver_id),
        driver_name=message.driver_name,
        vehicle_plate=message.vehicle_plate,
        ride_id=public_id_or_none("ride", message.ride_id),
    )


def availability(message: rides_pb2.Shift | None) -> AvailabilityAnswer:
    """Convert a shift; None stands for a driver who has none open."""
    if message is None:
        return AvailabilityAnswer(online=False, shift=None)
    return AvailabilityAnswer(online=not message.HasField("end_time"), shift=shift(message))
