"""What a dispatcher does for people who call."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.accounts import DisplayName, Locale, PhoneNumber
from rider_api.schemas.common import AccountId, QuoteId, Request
from rider_api.schemas.people import Person, person
from rider_api.schemas.quotes import QuoteRequest
from ridesharing.identity.v1 import person_service_pb2


class GuestRegistration(Request):
    """Somebody who calls."""

    phone_number: PhoneNumber
    display_name: DisplayName
    locale: Locale | None = Field(default=None, description="Of messages to a new account; English where null.")


class Guest(Person):
    """Their account, masked; it is theirs when they sign in with the number."""

    new_account: bool = Field(description="Whether it was made now.")


class GuestQuoteRequest(QuoteRequest):
    """Asks for prices for somebody who calls."""

    rider_id: AccountId


class Booking(Request):
    """Asks for the ride of a quote for somebody who calls."""

    rider_id: AccountId
    quote_id: QuoteId
    note: str = Field(default="", max_length=200, description="Words for the driver.", examples=["The blue door."])
    surge_consent_token: str | None = Field(
        default=None, max_length=64, description="Of a quote that has one: the rider said yes to its surge."
    )
    accepted_detour_seconds: int = Field(
        default=0, ge=0, le=86_400, description="Of a pooled quote: its `max_detour_seconds`, or more."
    )


class Reassignment(Request):
    """Why a ride is taken from its driver, for the record."""

    reason: str = Field(min_length=1, max_length=200, examples=["the vehicle broke down"])


def guest(message: person_service_pb2.RegisterGuestResponse) -> Guest:
    """Convert the answer to a registration."""
    return Guest(**dict(person(message.person)), new_account=message.new_account)
