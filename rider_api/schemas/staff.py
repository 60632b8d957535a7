"""Roles of the people who run the service, and the audit log of what they did."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rider_api.schemas.accounts import ROLES, PhoneNumber
from rider_api.schemas.common import AccountId, Answer, PageQuery, Parameters, Request, Timestamp, public_id, timestamp
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import audit_service_pb2, role_service_pb2

StaffRole = Literal["support", "operator", "admin"]


def role_number(role: StaffRole) -> access_pb2.Role.ValueType:
    """Write a role for the contracts."""
    return access_pb2.Role.Value(f"ROLE_{role.upper()}")


class RoleGrantRequest(Request):
    """Grants a role to the account with a phone number."""

    phone_number: PhoneNumber
    role: StaffRole
    reason: str = Field(min_length=1, max_length=500, examples=["joins the night desk"])


class RolePath(Parameters):
    """Names a role of an account."""

    account_id: AccountId
    role: StaffRole


class Reason(Request):
    """Why something is done, for the record."""

    reason: str = Field(min_length=1, max_length=500, examples=["left the company"])


class RoleGrant(Answer):
    """A role that an account may sign in with."""

    account_id: str
    role: str = Field(examples=["operator"])
    granted_by: str = Field(description="An account, or the name of a command's issuer.")
    granted_at: Timestamp


class RoleGrants(Answer):
    """A page of grants, the newest first."""

    items: list[RoleGrant]
    next_cursor: str | None


def role_grant(message: role_service_pb2.RoleGrant) -> RoleGrant:
    """Convert a grant."""
    return RoleGrant(
        account_id=public_id("acct", message.account_id),
        role=ROLES.text(message.role),
        granted_by=message.granted_by,
        granted_at=timestamp(message.grant_time),
    )


class AuditQuery(PageQuery):
    """Which entries."""

    subject_id: str = Field(default="", max_length=128, description="As it stands in an entry.")
    actor_id: str = Field(default="", max_length=128)
    act: str = Field(default="", max_length=64, examples=["driver_approved"])


class AuditEntry(Answer):
    """One act. Ids stand as the log has them."""

    sequence: int
    occurred_at: Timestamp
    actor_id: str
    actor_role: str
    act: str = Field(examples=["driver_approved"])
    subject_kind: str
    subject_id: str
    reason: str
    details: dict[str, str]
    previous_hash: str
    hash: str


class AuditEntries(Answer):
    """A page of the log, the newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


def audit_entry(message: audit_service_pb2.AuditEntry) -> AuditEntry:
    """Convert an entry."""
    return AuditEntry(
        sequence=message.sequence,
        occurred_at=timestamp(message.occur_time),
        actor_id=message.actor_id,
        actor_role=message.actor_role,
        act=message.act,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        reason=message.reason,
        details=dict(message.details),
        previous_hash=message.previous_hash,
        hash=message.hash,
    )


class AuditCheckQuery(Parameters):
    """Which part of the log."""

    first_sequence: int = Field(default=0, ge=0, le=2**53 - 1)
    entry_count: int = Field(default=0, ge=0, le=50_000, description="0 for 20,000.")
    anchor_sequence: int = Field(default=0, ge=0, le=2**53 - 1, description="An entry whose hash was kept elsewhere.")
    anchor_hash: str = Field(default="", pattern="^([0-9a-f]{64})?$")

    @model_validator(mode="after")
    def _anchor_is_whole(self) -> Self:
        if bool(self.anchor_sequence) != bool(self.anchor_hash):
            raise ValueError("anchor_sequence and anchor_hash come together")
        return self


class AuditCheck(Answer):
    """What was found. Keep the head elsewhere: with it a log that was cut short is noticed."""

    verified_count: int
    broken_sequence: int | None = Field(description="The first entry that is not as it was written, or is missing.")
    next_sequence: int | None = Field(description="Where to go on; null at the end.")
    head_sequence: int
    head_hash: str
    anchor_holds: bool


def audit_check(message: audit_service_pb2.VerifyAuditLogResponse) -> AuditCheck:
    """Convert a verdict."""
    return AuditCheck(
        verified_count=message.verified_count,
        broken_sequence=message.broken_sequence or None,
        next_sequence=message.next_sequence or None,
        head_sequence=message.head_sequence,
        head_hash=message.head_hash,
        anchor_holds=message.anchor_holds,
    )
