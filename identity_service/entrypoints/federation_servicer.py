"""FederationService: people who sign in by an external provider."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import current_actor
from identity_service.domain.external_identities import ExternalIdentity
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context
from identity_service.use_cases.federate import Federate
from ridesharing.identity.v1 import federation_service_pb2 as pb
from ridesharing.identity.v1 import federation_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.FederationService"


class FederationServicer(federation_service_pb2_grpc.FederationServiceServicer):
    """See the contract."""

    def __init__(self, federate: Federate) -> None:
        self._federate = federate

    async def SignInWithIdToken(
        self, request: pb.SignInWithIdTokenRequest, context: Context
    ) -> pb.SignInWithIdTokenResponse:
        signed_in = await self._federate.sign_in(
            request.id_token, request.nonce, wire.from_role(request.role), request.device_id, request.locale
        )
        return pb.SignInWithIdTokenResponse(
            tokens=wire.to_token_pair(signed_in.tokens),
            account=wire.to_account(signed_in.account),
            new_account=signed_in.new_account,
        )

    async def LinkIdentity(self, request: pb.LinkIdentityRequest, context: Context) -> pb.LinkIdentityResponse:
        linked = await self._federate.link(current_actor().account_id, request.id_token, request.nonce)
        return pb.LinkIdentityResponse(identity=_message(linked))

    async def ListIdentities(self, request: pb.ListIdentitiesRequest, context: Context) -> pb.ListIdentitiesResponse:
        found = await self._federate.of(current_actor().account_id)
        return pb.ListIdentitiesResponse(identities=map(_message, found))

    async def UnlinkIdentity(self, request: pb.UnlinkIdentityRequest, context: Context) -> pb.UnlinkIdentityResponse:
        await self._federate.unlink(current_actor().account_id, UUID(request.identity_id))
        return pb.UnlinkIdentityResponse()


def _message(identity: ExternalIdentity) -> pb.LinkedIdentity:
    return pb.LinkedIdentity(
        identity_id=str(identity.identity_id),
        issuer=identity.issuer,
        subject=identity.subject,
        link_time=wire.to_timestamp(identity.linked_at),
    )
