"""What a dispatcher does for people who call."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.accounts import DisplayName, Locale, PhoneNumber
from rider_api.schemas.common import AccountId, Request
from rider_api.schemas.people import Person, person
from rider_api.schemas.quotes import QuoteRequest
from rider_api.schemas.ride_requests import QuoteAcceptance
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


class Booking(QuoteAcceptance):
    """Asks for the ride of a quote for somebody who calls."""

    rider_id: AccountId


class Reassignment(Request):
    """Why a ride is taken from its driver, for the record."""

    reason: str = Field(min_length=1, max_length=200, examples=["the vehicle broke down"])


def guest(message: person_service_pb2.RegisterGuestResponse) -> Guest:
    """Convert the answer to a registration."""
    return Guest(**dict(person(message.person)), new_account=message.new_account)
