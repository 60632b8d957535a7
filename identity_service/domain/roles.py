"""Roles of the people who run the service: granted to an account by an admin, and taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from identity_service.domain.sign_ins import SignInRole
from shared_kernel.errors import Conflict, PermissionRefused

STAFF_ROLES = frozenset({SignInRole.SUPPORT, SignInRole.OPERATOR, SignInRole.ADMIN})


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that an account may sign in with."""

    account_id: UUID
    role: SignInRole
    granted_by: str
    granted_at: datetime


def not_granted() -> PermissionRefused:
    """Make the error of a sign-in in a role that the account does not have."""
    return PermissionRefused("role_not_granted", "this account may not sign in in that role")


def check_revocable(actor_id: str, account_id: UUID, role: SignInRole) -> None:
    """Refuse admins to take their own role away: so the last one cannot.

    Raises:
        Conflict: `own_role`.
    """
    if role is SignInRole.ADMIN and actor_id == str(account_id):
        raise Conflict("own_role", "another admin has to take this role away")
