"""Sign-in, tokens and accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rider_api.schemas.common import Answer, OpenEnum, Request, Timestamp, public_id, timestamp
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2, federation_service_pb2, identity_service_pb2

ROLES = OpenEnum(access_pb2.Role.items(), "ROLE")

PhoneNumber = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164.", examples=["+14155550100"])]
Locale = Annotated[
    str,
    Field(pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35, description="BCP 47.", examples=["en"]),
]
DisplayName = Annotated[str, Field(min_length=1, max_length=80, examples=["Robin"])]


class OtpRequest(Request):
    """Asks for a one-time code by SMS."""

    phone_number: PhoneNumber
    locale: Locale | None = None
    device_id: str = Field(default="", max_length=128, description="As at the sign-in.", examples=["pixel-7-a1"])


class OtpAnswer(Answer):
    """The same for known and unknown numbers."""

    expires_at: Timestamp
    next_request_at: Timestamp


def otp_answer(message: identity_service_pb2.RequestOtpResponse) -> OtpAnswer:
    """Convert the answer to a request for a code."""
    return OtpAnswer(expires_at=timestamp(message.expire_time), next_request_at=timestamp(message.next_request_time))


class OtpVerification(Request):
    """Trades a code for tokens."""

    phone_number: PhoneNumber
    code: str = Field(pattern="^[0-9]{6}$", examples=["042137"])
    role: Literal["rider", "driver", "support", "operator", "admin"]
    device_id: str = Field(min_length=1, max_length=128, examples=["pixel-7-a1"])


class TokenRefresh(Request):
    """Trades a refresh token for the next pair."""

    refresh_token: str = Field(min_length=1, max_length=256)


class Tokens(Answer):
    """What a signed-in device holds."""

    access_token: str = Field(description="For `Authorization: Bearer`.")
    access_expires_at: Timestamp
    refresh_token: str = Field(description="Good once.")
    refresh_expires_at: Timestamp
    role: str = Field(examples=["rider"])


def tokens(message: accounts_pb2.TokenPair) -> Tokens:
    """Convert a pair of tokens."""
    return Tokens(
        access_token=message.access_token,
        access_expires_at=timestamp(message.access_expire_time),
        refresh_token=message.refresh_token,
        refresh_expires_at=timestamp(message.refresh_expire_time),
        role=ROLES.text(message.role),
    )


class Account(Answer):
    """A person's own account."""

    id: str = Field(examples=["acct_01h4556qpqexqvskwzpczs00jq"])
    display_name: str
    phone_last_digits: str
    locale: str
    created_at: Timestamp
    version: int


def account(message: accounts_pb2.Account) -> Account:
    """Convert an account."""
    return Account(
        id=public_id("acct", message.account_id),
        display_name=message.display_name,
        phone_last_digits=message.phone_last_digits,
        locale=message.locale,
        created_at=timestamp(message.create_time),
        version=message.version,
    )


class SignIn(Tokens):
    """Tokens, and whose they are."""

    new_account: bool = Field(description="True when this sign-in made the account.")
    account: Account


def sign_in(
    message: identity_service_pb2.VerifyOtpResponse | federation_service_pb2.SignInWithIdTokenResponse,
) -> SignIn:
    """Convert a sign-in."""
    return SignIn(**dict(tokens(message.tokens)), new_account=message.new_account, account=account(message.account))


class AccountChange(Request):
    """Changes what is given."""

    display_name: DisplayName | None = None
    locale: Locale | None = Field(default=None, min_length=2)


class StreamTicket(Answer):
    """Opens one live stream without a token in its URL."""

    ticket: str
    expires_at: Timestamp


class PublicKey(Answer):
    """One issuer's public key (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str


class PublicKeys(Answer):
    """The public keys that access tokens can be checked with."""

    keys: list[PublicKey]
