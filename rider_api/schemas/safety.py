"""Calls for help and whom they reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    ContactId,
    Parameters,
    Request,
    RideId,
    Timestamp,
    public_id,
    public_id_or_none,
    timestamp,
)
from rider_api.schemas.shifts import Point, PointRequest
from ridesharing.notification.v1 import safety_service_pb2


class ContactPath(Parameters):
    """Names a trusted contact."""

    contact_id: ContactId


class NewTrustedContact(Request):
    """Somebody to be written to in an emergency."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(examples=["Grace"])
    phone_number: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")] = Field(examples=["+14155550123"])


class TrustedContact(Answer):
    """Somebody who is written to in an emergency; they need no account."""

    id: str = Field(examples=["tc_01h4556qpqexqvskwzpczs00jq"])
    name: str
    phone_number: str


class TrustedContacts(Answer):
    """All of the caller's, at most five."""

    items: list[TrustedContact]


class SosRequest(Request):
    """Where the caller is, and on which ride."""

    point: PointRequest
    ride_id: RideId | None = None


class Sos(Answer):
    """A call for help."""

    id: str = Field(examples=["sos_01h4556qpqexqvskwzpczs00jq"])
    account_id: str
    ride_id: str | None
    point: Point
    contact_count: int = Field(description="How many are being written to.")
    raised_at: Timestamp


class SosCalls(Answer):
    """A page of calls for help, newest first."""

    items: list[Sos]
    next_cursor: str | None


def trusted_contact(message: safety_service_pb2.TrustedContact) -> TrustedContact:
    """Convert a contact."""
    return TrustedContact(id=public_id("tc", message.contact_id), name=message.name, phone_number=message.phone_number)


def sos(message: safety_service_pb2.Sos) -> Sos:
    """Convert a call for help."""
    return Sos(
        id=public_id("sos", message.sos_id),
        account_id=public_id("acct", message.account_id),
        ride_id=public_id_or_none("ride", message.ride_id),
        point=Point(latitude=message.point.latitude, longitude=message.point.longitude),
        contact_count=message.contact_count,
        raised_at=timestamp(message.raise_time),
    )
