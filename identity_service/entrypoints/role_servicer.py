"""RoleService: who helps, runs and administers the service."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.roles import RoleGrant
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, acting_staff
from identity_service.use_cases.grant_roles import GrantRoles
from ridesharing.identity.v1 import role_service_pb2 as pb
from ridesharing.identity.v1 import role_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.RoleService"


class RoleServicer(role_service_pb2_grpc.RoleServiceServicer):
    """See the contract."""

    def __init__(self, roles: GrantRoles) -> None:
        self._roles = roles

    async def GrantRole(self, request: pb.GrantRoleRequest, context: Context) -> pb.GrantRoleResponse:
        holder = UUID(request.account_id) if request.HasField("account_id") else request.phone_number
        grant = await self._roles.grant(
            acting_staff(), request.request_id, holder, wire.from_role(request.role), request.reason
        )
        return pb.GrantRoleResponse(grant=_grant(grant))

    async def RevokeRole(self, request: pb.RevokeRoleRequest, context: Context) -> pb.RevokeRoleResponse:
        await self._roles.revoke(
            acting_staff(),
            request.request_id,
            UUID(request.account_id),
            wire.from_role(request.role),
            request.reason,
        )
        return pb.RevokeRoleResponse()

    async def ListRoleGrants(self, request: pb.ListRoleGrantsRequest, context: Context) -> pb.ListRoleGrantsResponse:
        page = await self._roles.page(wire.read_page_token(request.page_token), request.page_size)
        return pb.ListRoleGrantsResponse(
            grants=[_grant(grant) for grant in page.grants], next_page_token=wire.write_page_token(page.next_after)
        )


def _grant(grant: RoleGrant) -> pb.RoleGrant:
    return pb.RoleGrant(
        account_id=str(grant.account_id),
        role=wire.to_role(grant.role),
        granted_by=grant.granted_by,
        grant_time=wire.to_timestamp(grant.granted_at),
    )
