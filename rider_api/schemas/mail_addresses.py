"""Where people are written to by mail."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, Request, Timestamp, timestamp
from ridesharing.identity.v1 import mail_address_service_pb2 as pb

_EXAMPLE = "ada@example.org"


class MailAddressRequest(Request):
    """An address to be proved."""

    mail_address: str = Field(min_length=3, max_length=254, examples=[_EXAMPLE])


class MailCode(Answer):
    """A code was sent to the address."""

    expires_at: Timestamp
    next_request_at: Timestamp = Field(description="When another code may be asked for.")


class MailAddressProof(Request):
    """The code that was sent to an address."""

    mail_address: str = Field(min_length=3, max_length=254, examples=[_EXAMPLE])
    code: str = Field(pattern="^[0-9]{6}$", examples=["482913"])


class MailAddress(Answer):
    """Where the caller is written to."""

    mail_address: str = Field(examples=[_EXAMPLE])
    verified_at: Timestamp


def mail_code(message: pb.RequestMailCodeResponse) -> MailCode:
    """Convert a code's times."""
    return MailCode(expires_at=timestamp(message.expire_time), next_request_at=timestamp(message.next_request_time))


def mail_address(message: pb.MailAddress) -> MailAddress:
    """Convert an address."""
    return MailAddress(mail_address=message.address, verified_at=timestamp(message.verify_time))
