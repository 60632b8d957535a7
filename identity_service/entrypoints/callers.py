"""What a call says of its caller."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from identity_service.domain.actors import ActingStaff
from identity_service.domain.code_budgets import address_key

Context = grpc.aio.ServicerContext[Any, Any]


def acting_staff() -> ActingStaff:
    """Return who acts, for the audit log."""
    actor = current_actor()
    return ActingStaff(actor.subject, actor.role.value)


def current_sign_in() -> UUID | None:
    """Return the sign-in of the caller's token; tokens made for local work (`cli`) have none."""
    try:
        return UUID(current_actor().session_id)
    except ValueError:
        return None


def caller_address(told: str, context: Context) -> str:
    """Return the budget key of where a request came from: what a service tells, of others the connection's address."""
    if current_actor().role is Role.SERVICE:
        return address_key(told)
    _, _, address = unquote(context.peer() or "").partition(":")
    host, _, _ = address.rpartition(":")
    return address_key(host.removeprefix("[").removesuffix("]"))
