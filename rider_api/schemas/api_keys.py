"""API keys of partners."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, ApiKeyId, Parameters, Request, Timestamp, public_id, timestamp
from ridesharing.identity.v1 import api_key_service_pb2 as pb


class ApiKeyPath(Parameters):
    """Names a key."""

    api_key_id: ApiKeyId


class ApiKeyRequest(Request):
    """Asks for a key."""

    name: str = Field(min_length=1, max_length=80, examples=["the city's mobility office"])
    scopes: list[str] = Field(min_length=1, max_length=8, examples=[["agencies:read"]])
    lifetime_days: int = Field(default=365, ge=1, le=730)


class ApiKeyExchange(Request):
    """Shows a key."""

    secret: str = Field(min_length=1, max_length=128, examples=["jk_5f0c4c1e"])


class PartnerToken(Answer):
    """An access token for a partner's program."""

    access_token: str = Field(description="For `Authorization: Bearer`.")
    access_expires_at: Timestamp
    scopes: list[str]


class ApiKey(Answer):
    """A key without its secret."""

    id: str = Field(examples=["key_01h4556qpqexqvskwzpczs00jq"])
    name: str
    prefix: str = Field(description="How the key begins.")
    scopes: list[str]
    created_by: str
    created_at: Timestamp
    expires_at: Timestamp
    last_used_at: Timestamp | None = Field(description="To the minute.")
    revoked_at: Timestamp | None


class NewApiKey(ApiKey):
    """A key with its secret, which is shown this once."""

    secret: str


class ApiKeys(Answer):
    """The keys, the newest first; at most two hundred."""

    items: list[ApiKey]


def api_key(message: pb.ApiKey) -> ApiKey:
    """Convert a key."""
    return ApiKey(
        id=public_id("key", message.api_key_id),
        name=message.name,
        prefix=message.prefix,
        scopes=list(message.scopes),
        created_by=message.created_by,
        created_at=timestamp(message.create_time),
        expires_at=timestamp(message.expire_time),
        last_used_at=timestamp(message.last_use_time) if message.HasField("last_use_time") else None,
        revoked_at=timestamp(message.revoke_time) if message.HasField("revoke_time") else None,
    )
