"""What operators read of cities' policies, and how they try one out."""

from __future__ import annotations

from dataclasses import dataclass

from matching_service.domain.city import CityPolicy
from matching_service.domain.city_versions import PolicyChange, PolicyVersion, changes_between
from matching_service.use_cases.city_ports import Cities, PolicyArchive, PolicyPage, PolicyReader
from shared_kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """A document that can be put: of which city, what it would change, and the version to base it on."""

    city: str
    latest_version: int
    changes: list[PolicyChange]


@dataclass(frozen=True, slots=True)
class ReadCityPolicies:
    """ListCities, GetCityPolicy, ListCityPolicyVersions, DiffCityPolicies, CheckCityPolicy."""

    cities: Cities
    archive: PolicyArchive
    reader: PolicyReader

    async def list_cities(self) -> list[CityPolicy]:
        """Return the policies in force, one a city."""
        return list((await self.cities.in_force()).policies)

    async def get(self, city: str, version: int) -> PolicyVersion:
        """Return a version, or for 0 the one in force. Raises NotFound `city_not_found`, `city_policy_not_found`."""
        return await self.archive.get(city, version or await self._in_force(city))

    async def page(self, city: str, limit: int, before: int | None) -> PolicyPage:
        """Return versions, newest first. Raises NotFound `city_not_found`."""
        page = await self.archive.page(city, limit, before)
        if not page.versions and before is None:
            raise _no_such_city(city)
        return page

    async def changes(self, city: str, before: int, after: int) -> list[PolicyChange]:
        """Compare two versions; 0 is the one in force. Raises NotFound as `get`."""
        old, new = await self.get(city, before), await self.get(city, after)
        return changes_between(old.document, new.document)

    async def check(self, document: str) -> CheckedPolicy:
        """Read a document and compare it with the city's newest version; nothing is stored.

        Raises InvalidInput `invalid_city_policy`.
        """
        policy = self.reader(document)
        latest = await self.archive.latest_version(policy.city)
        former = (await self.archive.get(policy.city, latest)).document if latest else ""
        return CheckedPolicy(policy.city, latest, changes_between(former, document))

    async def _in_force(self, city: str) -> int:
        policy = (await self.cities.in_force()).named(city)
        if policy is None:
            raise _no_such_city(city)
        return policy.version


def _no_such_city(city: str) -> NotFound:
    return NotFound("city_not_found", f"there is no city {city!r}")
