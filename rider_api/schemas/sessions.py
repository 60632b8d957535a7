"""Where somebody is signed in."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.accounts import ROLES
from rider_api.schemas.common import Answer, Parameters, SessionId, Timestamp, public_id, timestamp
from ridesharing.identity.v1 import session_service_pb2


class SessionPath(Parameters):
    """Names a session."""

    session_id: SessionId


class Session(Answer):
    """A signed-in device."""

    id: str = Field(examples=["sess_01h4556qpqexqvskwzpczs00jq"])
    device_id: str
    role: str = Field(examples=["rider"])
    started_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    current: bool = Field(description="True of the one that asked.")


class Sessions(Answer):
    """The live ones, the newest first."""

    items: list[Session]


class RevokedSessions(Answer):
    """How many ended. Their access tokens count until they expire, ten minutes at most."""

    revoked_count: int


def sessions(message: session_service_pb2.ListSessionsResponse) -> Sessions:
    """Convert the live sessions."""
    return Sessions(
        items=[
            Session(
                id=public_id("sess", item.session_id),
                device_id=item.device_id,
                role=ROLES.text(item.role),
                started_at=timestamp(item.start_time),
                last_used_at=timestamp(item.last_use_time),
                expires_at=timestamp(item.expire_time),
                current=item.current,
            )
            for item in message.sessions
        ]
    )
