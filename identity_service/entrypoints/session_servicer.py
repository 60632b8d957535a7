"""SessionService: where one is signed in."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import current_actor
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, current_sign_in
from identity_service.use_cases.list_sessions import ListSessions
from identity_service.use_cases.revoke_sessions import RevokeSessions
from ridesharing.identity.v1 import session_service_pb2 as pb
from ridesharing.identity.v1 import session_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.SessionService"


class SessionServicer(session_service_pb2_grpc.SessionServiceServicer):
    """See the contract."""

    def __init__(self, list_sessions: ListSessions, revoke: RevokeSessions) -> None:
        self._list = list_sessions
        self._revoke = revoke

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        current = current_sign_in()
        return pb.ListSessionsResponse(
            sessions=[
                pb.Session(
                    session_id=str(found.sign_in_id),
                    device_id=found.device_id,
                    role=wire.to_role(found.role),
                    start_time=wire.to_timestamp(found.started_at),
                    last_use_time=wire.to_timestamp(found.last_used_at),
                    expire_time=wire.to_timestamp(found.expires_at),
                    current=found.sign_in_id == current,
                )
                for found in await self._list(current_actor().account_id)
            ]
        )

    async def RevokeSession(self, request: pb.RevokeSessionRequest, context: Context) -> pb.RevokeSessionResponse:
        await self._revoke.one(current_actor().account_id, UUID(request.session_id))
        return pb.RevokeSessionResponse()

    async def RevokeOtherSessions(
        self, request: pb.RevokeOtherSessionsRequest, context: Context
    ) -> pb.RevokeOtherSessionsResponse:
        count = await self._revoke.others(current_actor().account_id, current_sign_in())
        return pb.RevokeOtherSessionsResponse(revoked_count=count)
