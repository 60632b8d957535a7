"""Errors of the domain.

    DomainError
    ├── InvalidInput           the request can never succeed as it stands
    ├── Unauthenticated        the caller is not known
    ├── PermissionRefused      the caller is known and may not do this
    ├── NotFound               no such object, or it belongs to somebody else
    ├── Conflict               the state of the object refuses the request (FAILED_PRECONDITION on the wire)
    ├── AlreadyExists          a different object with that identity stands already
    ├── InFlight               the same request is being worked on: ask again shortly
    ├── LimitExceeded          a rate or size limit was met
    ├── Unavailable            something that is needed does not answer: ask again with the same key
    └── Unknown                the outcome is not known yet: ask again with the same key

A reason is a stable, lower-case identifier a client may branch on; a message is for people and may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One refused field: its path as the client wrote it (`pickup.latitude`) and what is wrong with it."""

    field: str
    description: str


class DomainError(Exception):
    """Base of all errors that a caller is told about."""

    retryable = False

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        violations: Sequence[FieldViolation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        """Make an error.

        Args:
            reason: stable identifier, `[a-z][a-z0-9_]*`, for example `offer_taken`.
            message: a sentence for people; it names no secret and no personal data.
            violations: the refused fields, when the input is at fault.
            metadata: further facts a client may use, for example the id of the ride in the way.
            retry_after_seconds: when it makes sense to ask again.
        """
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})
        self.retry_after_seconds = retry_after_seconds

    def within(self, path: str) -> Self:
        """Return this refusal of a part as one of the whole: its `currency_code` is `amount.currency_code` there."""
        return type(self)(
            self.reason,
            self.message,
            violations=[FieldViolation(f"{path}.{item.field}", item.description) for item in self.violations],
            metadata=self.metadata,
            retry_after_seconds=self.retry_after_seconds,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason!r}, {self.message!r})"


class InvalidInput(DomainError):
    """The request can never succeed as it stands."""


class Unauthenticated(DomainError):
    """The caller is not known."""


class PermissionRefused(DomainError):
    """The caller is known and may not do this."""


class NotFound(DomainError):
    """No such object, or it belongs to somebody else: the two are not told apart."""


class Conflict(DomainError):
    """The state of the object refuses the request."""


class AlreadyExists(DomainError):
    """A different object with that identity stands already."""


class InFlight(DomainError):
    """The same request is being worked on."""

    retryable = True


class LimitExceeded(DomainError):
    """A rate or size limit was met."""

    retryable = True


class Unavailable(DomainError):
    """Something that is needed does not answer, and nothing was done."""

    retryable = True


class Unknown(DomainError):
    """The outcome is not known yet; the same request with the same key will tell."""

    retryable = True
