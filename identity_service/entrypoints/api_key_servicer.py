"""ApiKeyService: partners' programs."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.api_keys import ApiKey
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, acting_staff
from identity_service.use_cases.use_api_keys import UseApiKeys
from ridesharing.identity.v1 import api_key_service_pb2 as pb
from ridesharing.identity.v1 import api_key_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.ApiKeyService"


class ApiKeyServicer(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    """See the contract."""

    def __init__(self, keys: UseApiKeys) -> None:
        self._keys = keys

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: Context) -> pb.CreateApiKeyResponse:
        key, secret = await self._keys.create(
            acting_staff(), request.request_id, request.name, list(request.scopes), request.lifetime_days
        )
        return pb.CreateApiKeyResponse(api_key=_message(key), secret=secret)

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, context: Context) -> pb.ListApiKeysResponse:
        return pb.ListApiKeysResponse(api_keys=[_message(key) for key in await self._keys.newest()])

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, context: Context) -> pb.RevokeApiKeyResponse:
        await self._keys.revoke(acting_staff(), UUID(request.api_key_id), request.reason)
        return pb.RevokeApiKeyResponse()

    async def ExchangeApiKey(self, request: pb.ExchangeApiKeyRequest, context: Context) -> pb.ExchangeApiKeyResponse:
        token, expires_at, scopes = await self._keys.exchange(request.secret)
        return pb.ExchangeApiKeyResponse(
            access_token=token, access_expire_time=wire.to_timestamp(expires_at), scopes=scopes
        )


def _message(key: ApiKey) -> pb.ApiKey:
    message = pb.ApiKey(
        api_key_id=str(key.api_key_id),
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        created_by=key.created_by,
        create_time=wire.to_timestamp(key.created_at),
        expire_time=wire.to_timestamp(key.expires_at),
    )
    if key.last_used_at is not None:
        message.last_use_time.CopyFrom(wire.to_timestamp(key.last_used_at))
    if key.revoked_at is not None:
        message.revoke_time.CopyFrom(wire.to_timestamp(key.revoked_at))
    return message
