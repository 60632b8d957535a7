"""Edits of rides: another way, at a price of its own."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from rider_api.schemas.common import (
    Answer,
    EditId,
    Moment,
    Money,
    OpenEnum,
    Parameters,
    Place,
    PlaceRequest,
    Request,
    RideId,
    StopId,
    Timestamp,
    money,
    place,
    public_id,
    timestamp,
    timestamp_message,
)
from rider_api.schemas.quotes import Fare, fare
from rider_api.schemas.rides import RideStop, ride_stop
from ridesharing.matching.v1 import ride_service_pb2, rides_pb2

EDIT_STATES = OpenEnum(rides_pb2.EditState.items(), "EDIT_STATE")


class EditPath(Parameters):
    """Names an edit of a ride."""

    ride_id: RideId
    edit_id: EditId


class StopChoice(Request):
    """A stop after the edit: one that the ride has, or a new place."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"place": {"latitude": 37.7793, "longitude": -122.4193, "address": ""}}]}
    )

    id: StopId | None = Field(default=None, description="Of a stop of the ride that is not left yet.")
    place: PlaceRequest | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.place is None):
            raise ValueError("has either an id or a place")
        return self

    def message(self) -> ride_service_pb2.StopChoice:
        """Write it for the contracts."""
        if self.place is not None:
            return ride_service_pb2.StopChoice(place=self.place.message())
        return ride_service_pb2.StopChoice(stop_id=str(self.id))


class EditRequest(Request):
    """Asks what another way of a ride costs; what is left out, or null, stays."""

    pickup: PlaceRequest | None = Field(default=None, description="Until the driver is there.")
    dropoff: PlaceRequest | None = None
    pickup_at: Moment | None = Field(default=None, description="When a scheduled ride is to begin.")
    stops: list[StopChoice] | None = Field(
        default=None,
        max_length=6,
        description="All stops still to be made, in their order; an empty list takes all out.",
    )

    def message(self, key: str, ride_id: UUID) -> ride_service_pb2.QuoteRideEditRequest:
        """Write it for the contracts."""
        message = ride_service_pb2.QuoteRideEditRequest(
            request_id=key,
            ride_id=str(ride_id),
            pickup=None if self.pickup is None else self.pickup.message(),
            dropoff=None if self.dropoff is None else self.dropoff.message(),
            pickup_time=None if self.pickup_at is None else timestamp_message(self.pickup_at),
        )
        if self.stops is not None:
            message.stops.CopyFrom(ride_service_pb2.StopChoices(stops=[stop.message() for stop in self.stops]))
        return message


class EditAnswer(Request):
    """The driver's answer to an edit that makes the trip much longer."""

    agreed: bool


class RideEdit(Answer):
    """Another way of a ride. It is the ride's once its state is `applied`."""

    id: str = Field(examples=["edit_01h4556qpqexqvskwzpczs00jq"])
    ride_id: str
    state: str = Field(examples=["quoted"])
    reason: str | None = Field(description="Why it came to nothing.", examples=["driver_declined"])
    pickup: Place
    dropoff: Place
    stops: list[RideStop] = Field(description="Those still to be made.")
    fare: Fare = Field(description="Of the whole ride.")
    fare_before: Money
    difference_minor: int = Field(description="What the ride gets dearer by; below zero when cheaper.")
    distance_meters: int
    trip_eta_seconds: int
    driven_meters: int = Field(description="Of the whole way, what lies behind the driver and is kept at its price.")
    added_seconds: int = Field(description="What the rest of the trip gets longer by.")
    expires_at: Timestamp
    pickup_at: Timestamp | None = Field(description="When a scheduled ride would begin, where that is changed.")
    answer_until: Timestamp | None = Field(description="While the driver is asked: until when.")


def ride_edit(message: rides_pb2.RideEdit) -> RideEdit:
    """Convert an edit."""
    return RideEdit(
        id=public_id("edit", message.edit_id),
        ride_id=public_id("ride", message.ride_id),
        state=EDIT_STATES.text(message.state),
        reason=message.reason or None,
        pickup=place(message.pickup),
        dropoff=place(message.dropoff),
        stops=[ride_stop(item) for item in message.stops],
        fare=fare(message.fare),
        fare_before=money(message.fare_before),
        difference_minor=message.difference_minor,
        distance_meters=message.distance_meters,
        trip_eta_seconds=message.trip_eta_seconds,
        driven_meters=message.driven_meters,
        added_seconds=message.added_seconds,
        expires_at=timestamp(message.expire_time),
        pickup_at=timestamp(message.pickup_time) if message.HasField("pickup_time") else None,
        answer_until=timestamp(message.answer_time) if message.HasField("answer_time") else None,
    )
