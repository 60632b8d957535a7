"""What the rest of the service needs to know of cities, and where their policies are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.city_versions import PolicyVersion

PolicyReader = Callable[[str], CityPolicy]
"""Reads a document; raises InvalidInput `invalid_city_policy` with the keys at fault."""


class Cities(Protocol):
    """The policies of the cities. What is told was true at most seconds ago."""

    async def in_force(self) -> Atlas:
        """Return the policies in force now. Raises Unavailable while none are known."""
        ...

    async def version(self, city: str, version: int) -> CityPolicy:
        """Return one version of a city's policy; it never changes.

        Raises NotFound `city_policy_not_found`, and Unavailable `city_policy_unreadable` for the document of a later
        release.
        """
        ...


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """Versions of a city, newest first; `next_before` is None on the last page."""

    versions: list[PolicyVersion]
    next_before: int | None


class PolicyArchive(Protocol):
    """Reads of the versions as they are stored."""

    async def get(self, city: str, version: int) -> PolicyVersion:
        """Return a version. Raises NotFound `city_policy_not_found`."""
        ...

    async def latest_version(self, city: str) -> int:
        """Return the number of a city's newest version, in force or not; 0 where it has none."""
        ...

    async def page(self, city: str, limit: int, before: int | None) -> PolicyPage:
        """Return versions, newest first, from below `before` on. Documents are left out."""
        ...
