"""Facts that identity tells the other services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from identity_service.domain.documents import DocumentKind
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.sign_ins import EndReason, SignInRole


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """Somebody signed in for the first time."""

    account_id: UUID
    version: int
    locale: str


@dataclass(frozen=True, slots=True)
class AccountUpdated:
    """The name or the language changed."""

    account_id: UUID
    version: int
    locale: str


@dataclass(frozen=True, slots=True)
class DriverStatusChanged:
    """The operator, or the approval policy, decided on a driver. The version is the driver's, not the account's."""

    driver_id: UUID
    version: int
    status: DriverStatus
    reason: str


@dataclass(frozen=True, slots=True)
class NewDeviceSignedIn:
    """Somebody who had signed in before did so on a device that was not seen yet. The aggregate is the sign-in."""

    sign_in_id: UUID
    account_id: UUID
    device_id: str
    role: SignInRole
    version: int = 1


@dataclass(frozen=True, slots=True)
class RefreshTokenReused:
    """A refresh token was used twice, so its sign-in ended: it may have been stolen. The aggregate is the sign-in."""

    sign_in_id: UUID
    account_id: UUID
    device_id: str
    version: int = 2


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A sign-in counts no more; `replaced_by` is the newer one of the same device. The aggregate is the sign-in."""

    sign_in_id: UUID
    account_id: UUID
    reason: EndReason
    replaced_by: UUID | None = None
    version: int = 3


@dataclass(frozen=True, slots=True)
class AccountErased:
    """All services have erased a person."""

    account_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class DocumentReviewed:
    """An operator accepted or rejected a document."""

    document_id: UUID
    version: int
    driver_id: UUID
    kind: DocumentKind
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentExpiring:
    """A document will expire soon."""

    document_id: UUID
    version: int
    driver_id: UUID
    kind: DocumentKind
    expires_on: date


@dataclass(frozen=True, slots=True)
class DocumentExpired:
    """A document does not count any more."""

    document_id: UUID
    version: int
    driver_id: UUID
    kind: DocumentKind
    expires_on: date


@dataclass(frozen=True, slots=True)
class MailAddressChanged:
    """An account has another mail address, or none any more."""

    account_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class OneTimeCodeClosed:
    """A code counts no more before its time: it was used, or guessed at too often. The aggregate is the challenge."""

    challenge_id: UUID
    version: int = 1


Event = (
    AccountCreated
    | AccountUpdated
    | AccountErased
    | MailAddressChanged
    | DriverStatusChanged
    | NewDeviceSignedIn
    | RefreshTokenReused
    | SessionEnded
    | DocumentReviewed
    | DocumentExpiring
    | DocumentExpired
    | OneTimeCodeClosed
)
