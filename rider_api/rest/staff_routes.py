"""Who runs the service, and what they did."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.staff import (
    AuditCheck,
    AuditCheckQuery,
    AuditEntries,
    AuditQuery,
    Reason,
    RoleGrant,
    RoleGrantRequest,
    RoleGrants,
    RolePath,
    audit_check,
    audit_entry,
    role_grant,
    role_number,
)
from ridesharing.identity.v1 import audit_service_pb2, role_service_pb2

routes = Routes("staff", "Operating", area="staff")
_ADMIN = (Role.ADMIN,)


@routes.route("POST", "/operator/roles", roles=_ADMIN, answer=RoleGrant, status=201, problems=(404,), needs_key=True)
def grant_role(body: RoleGrantRequest) -> RoleGrant:
    """Let somebody sign in as support, operator or admin; they sign in as a rider first."""
    request = role_service_pb2.GrantRoleRequest(
        request_id=call().key, phone_number=body.phone_number, role=role_number(body.role), reason=body.reason
    )
    return role_grant(ask(edge().backends.roles.GrantRole, request).grant)


@routes.route("GET", "/operator/roles", roles=_ADMIN, answer=RoleGrants)
def list_role_grants(query: PageQuery) -> RoleGrants:
    """Page through the roles that are granted."""
    request = role_service_pb2.ListRoleGrantsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.roles.ListRoleGrants, request)
    return RoleGrants(items=[role_grant(item) for item in page.grants], next_cursor=next_cursor(page.next_page_token))


@routes.route("POST", "/operator/roles/<account_id>/<role>/revoke", roles=_ADMIN, answer=None, problems=(404,))
def revoke_role(path: RolePath, body: Reason) -> None:
    """Take a role away; sign-ins made in it end."""
    request = role_service_pb2.RevokeRoleRequest(
        request_id=call().key, account_id=str(path.account_id), role=role_number(path.role), reason=body.reason
    )
    ask(edge().backends.roles.RevokeRole, request)


@routes.route("GET", "/operator/audit-log", roles=(Role.OPERATOR,), area="audit", answer=AuditEntries)
def list_audit_entries(query: AuditQuery) -> AuditEntries:
    """Page through what the people who run the service did, the newest first."""
    request = audit_service_pb2.ListAuditEntriesRequest(
        page_size=query.limit,
        page_token=page_token(query.cursor),
        subject_id=query.subject_id,
        actor_id=query.actor_id,
        act=query.act,
    )
    page = ask(edge().backends.audit.ListAuditEntries, request)
    return AuditEntries(
        items=[audit_entry(item) for item in page.entries], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/audit-log/verification", roles=(Role.OPERATOR,), area="audit", answer=AuditCheck)
def verify_audit_log(query: AuditCheckQuery) -> AuditCheck:
    """Recompute the hashes of a part of the log."""
    request = audit_service_pb2.VerifyAuditLogRequest(
        first_sequence=query.first_sequence,
        entry_count=query.entry_count,
        anchor_sequence=query.anchor_sequence,
        anchor_hash=query.anchor_hash,
    )
    return audit_check(ask(edge().backends.audit.VerifyAuditLog, request))
