"""One-time codes: how often one may be asked for, how long it counts, and how many guesses it stands.

A code has six digits, so guesses are what is rationed: five a code and ten codes an hour for a phone make a blind guess
succeed once in some 20,000 hours of trying.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_kernel.errors import LimitExceeded, Unauthenticated

CODE_DIGITS = 6
LIFETIME = timedelta(minutes=5)
MAX_TRIES = 5
_FIRST_RESEND = timedelta(seconds=5)
_LONGEST_RESEND = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """How often codes may be asked for. Settings of the operator."""

    interval_seconds: int
    per_phone_per_hour: int
    overall_per_minute: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one phone has used of its limits."""

    next_request_at: datetime
    hour_started_at: datetime
    hour_count: int

    @classmethod
    def fresh(cls, now: datetime) -> Allowance:
        """Return the allowance of a phone that has not asked yet."""
        return cls(now, now, 0)

    def spend(self, limits: CodeLimits, now: datetime) -> Allowance:
        """Take one request out of the allowance.

        Raises:
            LimitExceeded: `otp_throttled`, with when to ask again.
        """
        hour_over = now >= self.hour_started_at + timedelta(hours=1)
        started, count = (now, 0) if hour_over else (self.hour_started_at, self.hour_count)
        if now < self.next_request_at:
            raise throttled((self.next_request_at - now).total_seconds())
        if count >= limits.per_phone_per_hour:
            raise throttled((started + timedelta(hours=1) - now).total_seconds())
        return Allowance(now + timedelta(seconds=limits.interval_seconds), started, count + 1)


def throttled(retry_after_seconds: float) -> LimitExceeded:
    """Make the error of a limit that was met; which one is not told."""
    return LimitExceeded("otp_throttled", "too many codes were asked for", retry_after_seconds=retry_after_seconds)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was asked for. The code itself stands here only as a digest."""

    challenge_id: UUID
    request_id: str
    locale: str
    code_digest: bytes
    created_at: datetime
    expires_at: datetime
    next_request_at: datetime
    tries: int = 0
    closed_at: datetime | None = None
    """When it was used, used up or replaced by a newer one."""

    def takes_guess(self, now: datetime) -> bool:
        """Tell whether a guess still counts."""
        return self.closed_at is None and self.tries < MAX_TRIES and now < self.expires_at

    def guessed(self, *, right: bool, now: datetime) -> Challenge:
        """Return the challenge after a guess: closed by the right one and by the last wrong one."""
        tries = self.tries + 1
        return replace(self, tries=tries, closed_at=now if right or tries >= MAX_TRIES else None)


def code_invalid() -> Unauthenticated:
    """Make the one error of all failed guesses: wrong, expired, used, used up, never asked for."""
    return Unauthenticated("otp_invalid", "the code is wrong or no longer valid")


@dataclass(frozen=True, slots=True)
class OwedCode:
    """A code that notification has not taken over yet, with what it takes to hand it over. Holds personal data."""

    challenge_id: UUID
    target: str
    """The phone number or mail address that it goes to."""
    code: str
    locale: str
    expires_at: datetime
    subject: str = ""
    """What the challenge is found by, where that is not the target."""


def hand_over_key(challenge_id: UUID) -> str:
    """Return the key by which notification knows a challenge's code."""
    return f"otp-{challenge_id}"


def resend_delay(attempts: int) -> timedelta:
    """Return how long to wait for an attempt's outcome before the next: 5, 10, 20, then 40 seconds.

    The first is longer than a call may take, so that the sweep does not run beside the request's own attempt.
    """
    return min(_FIRST_RESEND * 2 ** min(max(attempts - 1, 0), 8), _LONGEST_RESEND)
