"""Puts together what people see of their sign-ins and what admins do: sessions, roles, the audit log."""

from __future__ import annotations

from chassis.server import ServiceServer
from identity_service.entrypoints import audit_servicer, role_servicer, session_servicer
from identity_service.use_cases.grant_roles import GrantRoles
from identity_service.use_cases.list_sessions import ListSessions
from identity_service.use_cases.ports import Store
from identity_service.use_cases.read_audit_log import ReadAuditLog
from identity_service.use_cases.revoke_sessions import RevokeSessions
from ridesharing.identity.v1.audit_service_pb2_grpc import add_AuditServiceServicer_to_server
from ridesharing.identity.v1.role_service_pb2_grpc import add_RoleServiceServicer_to_server
from ridesharing.identity.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server
from shared_kernel.clock import Clock


def add_staff_services(server: ServiceServer, store: Store, clock: Clock) -> None:
    """Add the services to a server."""
    server.add(
        add_SessionServiceServicer_to_server,
        session_servicer.SessionServicer(ListSessions(store, clock), RevokeSessions(store, clock)),
        session_servicer.SERVICE_NAME,
    )
    server.add(
        add_RoleServiceServicer_to_server,
        role_servicer.RoleServicer(GrantRoles(store, clock)),
        role_servicer.SERVICE_NAME,
    )
    server.add(
        add_AuditServiceServicer_to_server,
        audit_servicer.AuditServicer(ReadAuditLog(store)),
        audit_servicer.SERVICE_NAME,
    )
