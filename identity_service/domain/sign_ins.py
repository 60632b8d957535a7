"""Signed-in devices and the rotation of their refresh tokens (RFC 9700 §4.14.2).

Each refresh token is good once, for the next. A client that lost an answer asks again with the token it still has: for
30 seconds the immediately previous token gets the same successor once more. Any later use of a spent token means that
two parties hold it, so the whole family ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_kernel.errors import Unauthenticated

ACCESS_LIFETIME_SECONDS = 600
REFRESH_LIFETIME = timedelta(days=30)
STAFF_REFRESH_LIFETIME = timedelta(hours=12)
"""Of those who see other people's data: a shift, not a month."""
GRACE = timedelta(seconds=30)
TOKEN_BYTES = 32


class SignInRole(StrEnum):
    """The part in which a person signs in."""

    RIDER = "rider"
    DRIVER = "driver"
    SUPPORT = "support"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def refresh_lifetime(self) -> timedelta:
        """How long a refresh token of the role counts."""
        return REFRESH_LIFETIME if self in (SignInRole.RIDER, SignInRole.DRIVER) else STAFF_REFRESH_LIFETIME


class EndReason(StrEnum):
    """Why a sign-in ended."""

    SIGNED_OUT = "signed_out"
    REPLACED = "replaced"
    TOKEN_REUSED = "token_reused"  # noqa: S105 (a reason, no secret)
    REVOKED = "revoked"
    ROLE_REVOKED = "role_revoked"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A device that a person signed in with: the family of its refresh tokens."""

    sign_in_id: UUID
    account_id: UUID
    device_id: str
    role: SignInRole
    started_at: datetime
    last_sequence: int = 1
    """The number of the newest refresh token of the family."""
    ended_at: datetime | None = None
    end_reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class LiveSignIn:
    """A live sign-in as its owner sees it."""

    sign_in_id: UUID
    device_id: str
    role: SignInRole
    started_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept: its digest, and for the grace its successor, sealed with the token itself."""

    digest: bytes
    sign_in_id: UUID
    sequence: int
    expires_at: datetime
    spent_at: datetime | None = None
    sealed_successor: bytes | None = None


class Verdict(StrEnum):
    """What is to be done with a refresh token that is shown."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"
    INVALID = "invalid"


def judge(sign_in: SignIn, token: RefreshToken, now: datetime) -> Verdict:
    """Decide on a refresh token: rotate it, repeat its successor within the grace, or end the family."""
    if sign_in.ended_at is not None or now >= token.expires_at:
        return Verdict.INVALID
    if token.spent_at is None:
        return Verdict.ROTATE
    immediately_previous = token.sequence == sign_in.last_sequence - 1
    if immediately_previous and token.sealed_successor is not None and now < token.spent_at + GRACE:
        return Verdict.REPEAT
    return Verdict.REUSED


def refresh_invalid() -> Unauthenticated:
    """Make the error of a token that is unknown, expired, or of a sign-in that has ended."""
    return Unauthenticated("refresh_invalid", "the refresh token is not valid: sign in again")


def refresh_reused() -> Unauthenticated:
    """Make the error of a token used twice; the sign-in has ended by it."""
    return Unauthenticated("refresh_reused", "the refresh token was used before, so its sign-in ended: sign in again")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a signed-in device holds."""

    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    role: SignInRole
