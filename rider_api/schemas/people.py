"""People as staff see them."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.accounts import ROLES, PhoneNumber
from rider_api.schemas.common import AccountId, Answer, Parameters, Request, Timestamp, public_id, timestamp
from rider_api.schemas.drivers import DRIVER_STATUSES
from ridesharing.identity.v1 import person_service_pb2


class PersonPath(Parameters):
    """Names a person."""

    account_id: AccountId


class PersonSearch(Request):
    """Looks for the person with a phone number; in a body, because addresses are written to logs."""

    phone_number: PhoneNumber


class Unmasking(Request):
    """Why a number is to be told in clear; it stays in the audit log."""

    reason: str = Field(min_length=5, max_length=500, examples=["lost property, ride of this morning"])


class PhoneInClear(Answer):
    """A phone number, and a mail address where there is one."""

    phone_number: str
    mail_address: str | None = None


class Person(Answer):
    """An account, masked."""

    id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    display_name: str
    masked_phone: str = Field(examples=["•••0100"])
    locale: str
    created_at: Timestamp
    driver_status: str | None = Field(description="Null of somebody who does not drive.")
    granted_roles: list[str]


def person(message: person_service_pb2.Person) -> Person:
    """Convert a person."""
    return Person(
        id=public_id("acct", message.account_id),
        display_name=message.display_name,
        masked_phone=message.masked_phone,
        locale=message.locale,
        created_at=timestamp(message.create_time),
        driver_status=DRIVER_STATUSES.text_or_none(message.driver_status),
        granted_roles=[ROLES.text(role) for role in message.granted_roles],
    )
