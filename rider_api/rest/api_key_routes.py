"""API keys: admins make them, partners' programs trade them for access tokens."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.api_keys import (
    ApiKeyExchange,
    ApiKeyPath,
    ApiKeyRequest,
    ApiKeys,
    NewApiKey,
    PartnerToken,
    api_key,
)
from rider_api.schemas.common import timestamp
from rider_api.schemas.staff import Reason
from ridesharing.identity.v1 import api_key_service_pb2 as pb

routes = Routes("api_keys", "Partners", area="staff")
_ADMIN = (Role.ADMIN,)


@routes.route("POST", "/auth/api-key", roles=(Role.ANONYMOUS,), answer=PartnerToken, problems=(401,))
def exchange_api_key(body: ApiKeyExchange) -> PartnerToken:
    """Trade an API key for an access token of ten minutes."""
    answer = ask(edge().backends.api_keys.ExchangeApiKey, pb.ExchangeApiKeyRequest(secret=body.secret))
    return PartnerToken(
        access_token=answer.access_token,
        access_expires_at=timestamp(answer.access_expire_time),
        scopes=list(answer.scopes),
    )


@routes.route("POST", "/operator/api-keys", roles=_ADMIN, answer=NewApiKey, status=201)
def create_api_key(body: ApiKeyRequest) -> NewApiKey:
    """Make a key; the answer is the only place where it stands whole."""
    request = pb.CreateApiKeyRequest(
        request_id=call().key, name=body.name, scopes=body.scopes, lifetime_days=body.lifetime_days
    )
    answer = ask(edge().backends.api_keys.CreateApiKey, request)
    return NewApiKey(**dict(api_key(answer.api_key)), secret=answer.secret)


@routes.route("GET", "/operator/api-keys", roles=_ADMIN, answer=ApiKeys)
def list_api_keys() -> ApiKeys:
    """Return the keys, the newest first."""
    answer = ask(edge().backends.api_keys.ListApiKeys, pb.ListApiKeysRequest())
    return ApiKeys(items=[api_key(item) for item in answer.api_keys])


@routes.route("POST", "/operator/api-keys/<api_key_id>/revoke", roles=_ADMIN, answer=None, problems=(404,))
def revoke_api_key(path: ApiKeyPath, body: Reason) -> None:
    """End a key."""
    request = pb.RevokeApiKeyRequest(api_key_id=str(path.api_key_id), reason=body.reason)
    ask(edge().backends.api_keys.RevokeApiKey, request)
