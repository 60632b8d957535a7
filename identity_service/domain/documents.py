"""Documents of drivers: what is taken in, how it is reviewed, and what becomes of it with time.

A document counts through its last day (UTC). Two weeks before the end its driver is warned; after it an approved driver
is suspended until a newer document of the kind is accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from identity_service.domain.texts import clean_text
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput

MAX_BYTES = 3 * 1024 * 1024
MOST_OPEN = 20
"""How many documents of a driver may await a review."""
WARN_BEFORE = timedelta(days=14)
_SHOWN_DIGITS = 4
_SIGNS: Mapping[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/pdf": (b"%PDF-",),
}


class DocumentKind(StrEnum):
    """What a document shows."""

    DRIVING_LICENSE = "driving_license"
    IDENTITY_CARD = "identity_card"
    VEHICLE_REGISTRATION = "vehicle_registration"
    VEHICLE_INSURANCE = "vehicle_insurance"
    PROFESSIONAL_LICENSE = "professional_license"
    BACKGROUND_CHECK = "background_check"


class DocumentStatus(StrEnum):
    """Where a document stands."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Document:
    """A document without its number and its bytes, which are kept sealed."""

    document_id: UUID
    driver_id: UUID
    kind: DocumentKind
    status: DocumentStatus
    number_last_digits: str
    expires_on: date | None
    reason: str
    content_type: str
    size_bytes: int
    content_sha256: bytes
    submitted_at: datetime
    reviewed_at: datetime | None = None
    next_timer_at: datetime | None = None
    """When time does something to it: warns, then ends it."""
    warned_at: datetime | None = None
    version: int = 1

    def reviewed(self, status: DocumentStatus, reason: str, now: datetime) -> Document:
        """Return the document after a review; itself where the status stands already.

        Raises:
            Conflict: `invalid_transition`, `document_expired`.
            InvalidInput: `invalid_argument`, without a reason to reject.
        """
        if status is self.status:
            return self
        if self.status is not DocumentStatus.SUBMITTED:
            raise Conflict("invalid_transition", f"a document that is {self.status} cannot become {status}")
        why = clean_text("reason", reason, required=status is DocumentStatus.REJECTED)
        accepted = status is DocumentStatus.ACCEPTED
        if accepted and self.expires_on is not None and now >= end_of(self.expires_on):
            raise Conflict("document_expired", "the document has expired meanwhile")
        timer = end_of(self.expires_on) - WARN_BEFORE if accepted and self.expires_on else None
        return replace(self, status=status, reason=why, reviewed_at=now, next_timer_at=timer, version=self.version + 1)

    def superseded(self) -> Document:
        """Return the document after a newer one took its place."""
        return replace(self, status=DocumentStatus.SUPERSEDED, next_timer_at=None, version=self.version + 1)

    def after_timer(self, now: datetime) -> Document:
        """Return what time makes of an accepted document whose timer is due: a warned one, then an expired one."""
        if self.expires_on is None:
            return replace(self, next_timer_at=None)
        end = end_of(self.expires_on)
        if now >= end:
            return replace(self, status=DocumentStatus.EXPIRED, next_timer_at=None, version=self.version + 1)
        return replace(self, warned_at=now, next_timer_at=end, version=self.version + 1)


def end_of(day: date) -> datetime:
    """Return when a day is over (UTC)."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def submitted(
    document_id: UUID,
    driver_id: UUID,
    kind: DocumentKind,
    number: str,
    expires_on: date | None,
    content: bytes,
    now: datetime,
) -> Document:
    """Take a document in.

    Raises:
        InvalidInput: `document_type_refused`, `document_too_large`, `document_expired`, `invalid_argument`.
    """
    cleaned = clean_text("number", number)
    if len(content) > MAX_BYTES:
        raise _refused("document_too_large", "content", f"may have {MAX_BYTES} bytes")
    content_type = next((name for name, signs in _SIGNS.items() if content.startswith(signs)), None)
    if content_type is None:
        raise _refused("document_type_refused", "content", "must be a JPEG, a PNG or a PDF")
    if expires_on is not None and now >= end_of(expires_on):
        raise _refused("document_expired", "expire_date", "is past")
    return Document(
        document_id,
        driver_id,
        kind,
        DocumentStatus.SUBMITTED,
        # Of a short number nothing is shown: it would be all of it.
        cleaned[-_SHOWN_DIGITS:] if len(cleaned) > 2 * _SHOWN_DIGITS - 2 else "",
        expires_on,
        "",
        content_type,
        len(content),
        hashlib.sha256(content).digest(),
        now,
    )


def read_date(field: str, text: str) -> date | None:
    """Read a day (YYYY-MM-DD); None for an empty text. Raises InvalidInput `invalid_argument`."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _refused("invalid_argument", field, "must be a day such as 2030-01-31") from None
    if not 2000 <= day.year <= 2200:
        raise _refused("invalid_argument", field, "must lie between 2000 and 2200")
    return day


def _refused(reason: str, field: str, description: str) -> InvalidInput:
    return InvalidInput(reason, f"{field} {description}", violations=[FieldViolation(field, description)])
