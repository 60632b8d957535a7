"""Identities at external providers (OpenID Connect), and how they belong to accounts.

An account is a person with a phone. A provider's identity stands for one once it is linked: by the person, signed in,
or at the first sign-in where the provider vouches for the number (`phone_number_verified`, OpenID Connect Core, 5.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_kernel.errors import Conflict, NotFound, PermissionRefused, Unauthenticated

MOST_IDENTITIES = 5


@dataclass(frozen=True, slots=True)
class IdToken:
    """What a verified ID token says. `phone_number` is empty unless the provider has verified it."""

    issuer: str
    subject: str
    digest: bytes
    """SHA-256 of the token, by which it counts once."""
    expires_at: datetime
    phone_number: str = ""


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """A provider's identity that stands for an account."""

    identity_id: UUID
    account_id: UUID
    issuer: str
    subject: str
    linked_at: datetime


def token_invalid(why: str) -> Unauthenticated:
    """Make the error of an ID token that proves nothing."""
    return Unauthenticated("id_token_invalid", f"the ID token does not count: {why}")


def not_linked() -> PermissionRefused:
    """Make the error of an identity that stands for nobody."""
    return PermissionRefused(
        "identity_not_linked", "this identity belongs to no account: sign in by phone once, and link it"
    )


def linked_elsewhere() -> Conflict:
    """Make the error of an identity that stands for somebody else."""
    return Conflict("identity_taken", "this identity belongs to another account")


def too_many_identities() -> Conflict:
    """Make the error of one more identity than an account may have."""
    return Conflict("too_many_identities", f"an account has at most {MOST_IDENTITIES} identities: remove one first")


def no_such_identity() -> NotFound:
    """Make the error of an identity that is not the caller's."""
    return NotFound("identity_not_found", "there is no such identity")
