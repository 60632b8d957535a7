"""What a call says of its caller: whose key a request has, and whose things may be seen."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import Role, current_actor
from chassis.idempotency import fingerprint
from payment_service.use_cases.repositories import RequestKey


def request_key(method: str, request_id: str, *fields: object) -> RequestKey:
    """Name a mutation: its caller, its RPC, the key, and the digest of an explicit list of its fields.

    The role is part of the caller's name: a rider's and a driver's keys of one account are different keys.
    """
    actor = current_actor()
    return RequestKey(f"{actor.role}:{actor.subject}", method, request_id, fingerprint(*fields))


def only_of_rider() -> UUID | None:
    """Return whose things alone the caller may see: a rider their own, anybody else that may ask all (None)."""
    actor = current_actor()
    return actor.account_id if actor.role is Role.RIDER else None


def only_of_driver() -> UUID | None:
    """Return whose things alone the caller may see: a driver their own, anybody else that may ask all (None)."""
    actor = current_actor()
    return actor.account_id if actor.role is Role.DRIVER else None
