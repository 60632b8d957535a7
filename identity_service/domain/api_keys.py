"""API keys of partners: `jk_` and a prefix to tell keys apart, then the secret. Kept as a digest alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_kernel.errors import FieldViolation, InvalidInput, Unauthenticated

KNOWN_SCOPES = frozenset({"agencies:read"})
"""What partners can be let into; each stands as `partner_scope` in the contract of a method."""
SHOWN_LETTERS = 11
"""How much of a key is shown: `jk_` and eight letters."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    api_key_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Tell whether the key lets anybody in."""
        return self.revoked_at is None and now < self.expires_at


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return scopes in order; refuse any that no partner can have. Raises InvalidInput `unknown_scope`."""
    unknown = sorted(set(scopes) - KNOWN_SCOPES)
    if unknown:
        known = ", ".join(sorted(KNOWN_SCOPES))
        violation = FieldViolation("scopes", f"must be among {known}")
        raise InvalidInput("unknown_scope", "partners cannot be given that", violations=[violation])
    return tuple(sorted(scopes))


def key_invalid() -> Unauthenticated:
    """Make the one error of keys that are unknown, expired or revoked."""
    return Unauthenticated("api_key_invalid", "the API key is not valid")
