"""What a call says of its caller: whose key a request has, and whose things may be seen."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import Role, current_actor
from chassis.idempotency import fingerprint
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound


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


def driver_asked(driver_id: str) -> UUID | None:
    """Return whose things are asked for: a driver's own, or whose an operator or a service names (None: nobody's).

    A driver who names another sees what is not there: `driver_not_found` (NotFound).
    """
    own, named = only_of_driver(), UUID(driver_id) if driver_id else None
    if own is not None and named not in (None, own):
        raise NotFound("driver_not_found", "there is no such driver")
    return own or named


def the_driver_asked(driver_id: str) -> UUID:
    """Return whose things are asked for, as `driver_asked`; InvalidInput `invalid_argument` where nobody is named."""
    asked = driver_asked(driver_id)
    if asked is None:
        violation = FieldViolation("driver_id", "must be set, except by drivers")
        raise InvalidInput("invalid_argument", "a driver has to be named", violations=[violation])
    return asked


def rider_asked_for(rider_id: str) -> UUID | None:
    """Return whose things a call names: of a rider their own, of anybody else the named rider's (None: nobody named).

    Raises:
        NotFound: `rider_not_found`, a rider named another one.
    """
    own, named = only_of_rider(), UUID(rider_id) if rider_id else None
    if own is not None and named not in (None, own):
        raise NotFound("rider_not_found", "there is no such rider")
    return own or named
