"""Erasure of an account: asked for, waited for, done service by service.

Between the request and the work lies the life of an access token with the clocks' skew, so that nothing new of the
person can begin behind an erasure's back. A service that refuses (a ride went on, a refund came) is asked again later,
ever more rarely; those that have erased are not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from identity_service.domain.sign_ins import ACCESS_LIFETIME_SECONDS
from shared_kernel.errors import PermissionRefused

WAIT = timedelta(seconds=ACCESS_LIFETIME_SECONDS + 60)
SERVICES = ("matching", "payment", "notification")
"""In this order: who may refuse comes first."""
_FIRST_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far an erasure has come."""

    account_id: UUID
    requested_at: datetime
    due_at: datetime
    next_attempt_at: datetime | None
    erased_services: tuple[str, ...] = ()
    attempts: int = 0
    last_error: str = ""
    completed_at: datetime | None = None

    @property
    def left(self) -> Sequence[str]:
        """Services that have not erased yet."""
        return [name for name in SERVICES if name not in self.erased_services]

    def begun(self, now: datetime) -> Erasure:
        """Return the erasure under way: should its process die, another takes it up after a while."""
        delay = min(_FIRST_RETRY * 2 ** min(self.attempts, 10), _LONGEST_RETRY)
        return replace(self, attempts=self.attempts + 1, next_attempt_at=now + delay)

    def erased_by(self, service: str) -> Erasure:
        """Return the erasure after a service is done."""
        return replace(self, erased_services=(*self.erased_services, service), last_error="")

    def held_up(self, error: str) -> Erasure:
        """Return the erasure after a service refused or did not answer."""
        return replace(self, last_error=error)

    def completed(self, now: datetime) -> Erasure:
        """Return the erasure done."""
        return replace(self, completed_at=now, next_attempt_at=None, last_error="")


def erasure(account_id: UUID, now: datetime) -> Erasure:
    """Return a fresh erasure."""
    return Erasure(account_id, now, now + WAIT, now + WAIT)


def being_erased() -> PermissionRefused:
    """Make the error of a sign-in to an account that is being erased."""
    return PermissionRefused("account_being_erased", "this account is being erased: try again in half an hour")
