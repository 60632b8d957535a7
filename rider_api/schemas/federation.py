"""Identities at external providers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.accounts import Locale
from rider_api.schemas.common import Answer, IdentityId, Parameters, Request, Timestamp, public_id, timestamp
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import federation_service_pb2 as pb


class IdTokenProof(Request):
    """A provider's word for who somebody is."""

    id_token: str = Field(min_length=1, max_length=16_384, description="As the provider gave it out; counts once.")
    nonce: str = Field(default="", max_length=255, description="What the client sent to the provider as nonce.")


class IdTokenSignIn(IdTokenProof):
    """Trades an ID token for tokens."""

    role: Literal["rider", "driver", "support", "operator", "admin"]
    device_id: str = Field(min_length=1, max_length=128, examples=["pixel-7-a1"])
    locale: Locale | None = Field(default=None, description="Of messages to a new account; English where null.")

    def message(self) -> pb.SignInWithIdTokenRequest:
        """Write it for the contracts."""
        return pb.SignInWithIdTokenRequest(
            id_token=self.id_token,
            nonce=self.nonce,
            role=access_pb2.Role.Value(f"ROLE_{self.role.upper()}"),
            device_id=self.device_id,
            locale=self.locale or "",
        )


class IdentityPath(Parameters):
    """Names an identity."""

    identity_id: IdentityId


class LinkedIdentity(Answer):
    """A provider's identity that stands for the caller."""

    id: str = Field(examples=["idn_01h4556qpqexqvskwzpczs00jq"])
    issuer: str = Field(examples=["https://accounts.example.org"])
    subject: str
    linked_at: Timestamp


class LinkedIdentities(Answer):
    """The oldest first."""

    items: list[LinkedIdentity]


def linked_identity(message: pb.LinkedIdentity) -> LinkedIdentity:
    """Convert an identity."""
    return LinkedIdentity(
        id=public_id("idn", message.identity_id),
        issuer=message.issuer,
        subject=message.subject,
        linked_at=timestamp(message.link_time),
    )
