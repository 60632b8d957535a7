"""The archive of all versions of cities' policies, in Postgres."""

from __future__ import annotations

from sqlalchemy import func, select

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.city_versions import PolicyVersion
from matching_service.use_cases.city_ports import PolicyPage
from shared_kernel.errors import NotFound


class PostgresPolicyArchive:
    """The PolicyArchive of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, city: str, version: int) -> PolicyVersion:
        row = tables.city_policies.c
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(tables.city_policies).where(row.city == city, row.version == version)
            )
            columns = found.mappings().one_or_none()
        if columns is None:
            raise _no_such_version(city, version)
        return PolicyVersion(**columns)

    async def latest_version(self, city: str) -> int:
        row = tables.city_policies.c
        async with self._database.connect() as connection:
            return await connection.scalar(select(func.max(row.version)).where(row.city == city)) or 0

    async def page(self, city: str, limit: int, before: int | None) -> PolicyPage:
        row = tables.city_policies.c
        newest = select(row.city, row.version, row.effective_at, row.made_at, row.made_by, row.note)
        newest = newest.where(row.city == city).order_by(row.version.desc()).limit(limit + 1)
        if before is not None:
            newest = newest.where(row.version < before)
        async with self._database.connect() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        versions = [PolicyVersion(**columns, document="") for columns in rows]
        more = len(versions) > limit
        return PolicyPage(versions[:limit], versions[limit - 1].version if more else None)


def _no_such_version(city: str, version: int) -> NotFound:
    return NotFound("city_policy_not_found", f"there is no version {version} of the policy of {city!r}")
