"""Where the caller is signed in."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.sessions import RevokedSessions, SessionPath, Sessions, sessions
from ridesharing.identity.v1 import session_service_pb2 as pb

routes = Routes("sessions", "Me", area="account")
_PEOPLE = (Role.RIDER, Role.DRIVER, Role.SUPPORT, Role.OPERATOR)


@routes.route("GET", "/me/sessions", roles=_PEOPLE, answer=Sessions)
def list_sessions() -> Sessions:
    """Return the devices on which the caller is signed in."""
    return sessions(ask(edge().backends.sessions.ListSessions, pb.ListSessionsRequest()))


@routes.route("DELETE", "/me/sessions/<session_id>", roles=_PEOPLE, answer=None, problems=(404,))
def revoke_session(path: SessionPath) -> None:
    """Sign a device out."""
    ask(edge().backends.sessions.RevokeSession, pb.RevokeSessionRequest(session_id=str(path.session_id)))


@routes.route("DELETE", "/me/sessions", roles=_PEOPLE, answer=RevokedSessions)
def revoke_other_sessions() -> RevokedSessions:
    """Sign all devices out but the one that asks."""
    answer = ask(edge().backends.sessions.RevokeOtherSessions, pb.RevokeOtherSessionsRequest())
    return RevokedSessions(revoked_count=answer.revoked_count)
