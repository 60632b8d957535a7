"""What the use cases need of what staff do: partners' keys, granted roles, the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from identity_service.domain.api_keys import ApiKey
from identity_service.domain.audit import Act, AuditEntry
from identity_service.domain.roles import RoleGrant
from identity_service.domain.sign_ins import SignInRole


class ApiKeys(Protocol):
    """API keys, found by their digests."""

    async def add(self, key: ApiKey, digest: bytes) -> None: ...

    async def newest(self, at_most: int) -> Sequence[ApiKey]: ...

    async def find(self, api_key_id: UUID, *, lock: bool = False) -> ApiKey | None: ...

    async def by_digest(self, digest: bytes) -> ApiKey | None: ...

    async def note_use(self, api_key_id: UUID, now: datetime) -> None:
        """Write down a use, at most once a minute."""
        ...

    async def revoke(self, api_key_id: UUID, now: datetime) -> None: ...


class PartnerTokens(Protocol):
    """Makes access tokens of partners."""

    def make_for_partner(self, api_key_id: UUID, scopes: Sequence[str]) -> str: ...


class Roles(Protocol):
    """Granted roles."""

    async def add(self, grant: RoleGrant) -> tuple[RoleGrant, bool]:
        """Add a grant; return the one that stands, which may be older, and whether it is this one."""
        ...

    async def remove(self, account_id: UUID, role: SignInRole) -> bool: ...

    async def has(self, account_id: UUID, role: SignInRole, *, lock: bool = False) -> bool:
        """Tell whether a role is granted; one that is locked is not taken away until the transaction ends."""
        ...

    async def page(self, after: tuple[datetime, UUID] | None, size: int) -> RoleGrantPage: ...


@dataclass(frozen=True, slots=True)
class RoleGrantPage:
    """Grants, the newest first, and where the next page begins (None on the last)."""

    grants: Sequence[RoleGrant]
    next_after: tuple[datetime, UUID] | None


class AuditLog(Protocol):
    """The audit log: it grows and is read, nothing else."""

    async def append(self, act: Act) -> None:
        """Write an act behind the newest entry. Others who append wait until the transaction ends: do it last."""
        ...

    async def page(
        self, before: int | None, size: int, *, subject_id: str = "", actor_id: str = "", act: str = ""
    ) -> Sequence[AuditEntry]:
        """Return at most `size` entries with a smaller sequence than `before`, the newest first."""
        ...

    async def run(self, first: int, count: int) -> Sequence[AuditEntry]:
        """Return at most `count` entries from a sequence on, the oldest first, as they stand."""
        ...

    async def head(self) -> AuditEntry | None: ...
