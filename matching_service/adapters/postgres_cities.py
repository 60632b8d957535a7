"""Cities' policies in Postgres: what is in force, kept in the process, and what is put."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Select, bindparam, func, insert, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.city_document import read_document
from matching_service.adapters.city_file import CityFile
from matching_service.adapters.postgres_policy_archive import PostgresPolicyArchive
from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.city_versions import Effect, PolicyVersion, version_in_force
from shared_kernel.clock import Clock
from shared_kernel.errors import InvalidInput, Unavailable

_log = logging.getLogger(__name__)

STALE_SECONDS = 3.0
"""A version put anywhere is known everywhere after this; when its time has come needs no look at the store."""
MOST_STALE_SECONDS = 300.0
"""So long the last picture serves while the store does not answer."""
_MAX_EFFECTS = 1_000
"""Versions that are in force, or were last, or are to come, of all cities."""
_FORMER = 3
"""So many of those in force before are known: the newest of them goes on where later ones are of a later release."""
_MAX_KEPT = 500
"""Policies kept read; more are read anew."""

_TAKE_OVER_TRIES = 10
"""Each is lost to another replica's file or an operator's version: a start has at most a few of them beside it."""

_Key = tuple[str, int]


class PostgresCities:
    """The Cities of production.

    At its first look it takes over the deployment's city files, each text once: as version 1 of a city that has none,
    and as a new version where no file said the same before. Many callers share one look at the store.
    """

    def __init__(
        self, database: Database, files: Sequence[CityFile], clock: Clock, monotonic: Callable[[], float]
    ) -> None:
        self._database = database
        self._archive = PostgresPolicyArchive(database)
        self._files = files
        self._clock = clock
        self._monotonic = monotonic
        self._looking = asyncio.Lock()
        self._looked_at = self._tried_at = float("-inf")
        self._effects: dict[str, list[Effect]] = {}
        self._policies: dict[_Key, CityPolicy | None] = {}
        self._drawn: tuple[_Key, ...] | None = None
        self._atlas = Atlas(())

    async def in_force(self) -> Atlas:
        # While one looks, the others go by the last picture: of a store that does not answer a look takes seconds.
        if self._is_due() and (self._is_outdated() or not self._looking.locked()):
            async with self._looking:
                if self._is_due():
                    await self._look()
        if self._is_outdated():
            raise Unavailable("city_policies_unknown", "the cities' policies are not known: the store does not answer")
        return self._draw()

    async def version(self, city: str, version: int) -> CityPolicy:
        key = (city, version)
        if key not in self._policies:
            self._keep(key, (await self._archive.get(city, version)).document)
        policy = self._policies[key]
        if policy is None:
            raise Unavailable("city_policy_unreadable", "this version of the policy is of another release")
        return policy

    def _is_due(self) -> bool:
        return self._monotonic() - self._tried_at >= STALE_SECONDS

    def _is_outdated(self) -> bool:
        return self._monotonic() - self._looked_at >= MOST_STALE_SECONDS

    def _draw(self) -> Atlas:
        """Put together what is in force at this moment; the same picture as before where nothing changed."""
        now = self._clock.now()
        current: list[_Key] = []
        for city, effects in self._effects.items():
            readable = [effect for effect in effects if self._policies.get((city, effect.version)) is not None]
            version = version_in_force(readable, now)
            if version is not None:
                current.append((city, version))
        drawn = tuple(sorted(current))
        if drawn != self._drawn:
            kept = [policy for key in drawn if (policy := self._policies[key]) is not None]
            self._drawn, self._atlas = drawn, Atlas(tuple(kept))
        return self._atlas

    async def _look(self) -> None:
        try:
            if self._looked_at == float("-inf"):
                await self._take_over_files()
            await self._read()
        except Unavailable:
            if self._looked_at == float("-inf"):
                raise
            _log.warning("the cities' policies are those of some time ago: the store does not answer")
        else:
            self._looked_at = self._monotonic()
        self._tried_at = self._monotonic()

    async def _read(self) -> None:
        row = tables.city_policies.c
        async with self._database.connect() as connection:
            found = (await connection.execute(_in_force(), {"now": self._clock.now()})).all()
            missing = [(city, version) for city, version, _ in found if (city, version) not in self._policies]
            documents: Sequence[Any] = ()
            if missing:
                texts = select(row.city, row.version, row.document).where(tuple_(row.city, row.version).in_(missing))
                documents = (await connection.execute(texts)).all()
        if len(self._policies) + len(documents) > _MAX_KEPT:
            live = {(city, version) for city, version, _ in found}
            self._policies = {key: policy for key, policy in self._policies.items() if key in live}
        for city, version, document in documents:
            self._keep((city, version), document)
        effects: dict[str, list[Effect]] = {}
        for city, version, effective_at in found:
            effects.setdefault(city, []).append(Effect(version, effective_at))
        self._effects = effects

    def _keep(self, key: _Key, document: str) -> None:
        try:
            self._policies[key] = replace(read_document(document), version=key[1])
        except InvalidInput as error:
            # Of a later release that runs beside this one: the version before it goes on, here.
            faults = [f"{fault.field}: {fault.description}" for fault in error.violations]
            _log.error("a stored policy cannot be read", extra={"city": key[0], "version": key[1], "faults": faults})
            self._policies[key] = None

    async def _take_over_files(self) -> None:
        for file in self._files:
            for _ in range(_TAKE_OVER_TRIES):
                if await self._take_over(file):
                    break
            else:
                _log.error("a city's file was not taken over: others kept putting versions", extra=_of(file))

    async def _take_over(self, file: CityFile) -> bool:
        """Put a file's text in force unless a file did so before; False if a version was put meanwhile."""
        row, city = tables.city_policies.c, file.policy.city
        of_files = select(func.max(row.version)).where(row.city == city, row.made_by.is_(None))
        of_this_text = of_files.where(row.document == file.text)
        # In one look: else a replica that takes the file over in between would have it taken over twice.
        known = select(of_this_text.scalar_subquery(), of_files.scalar_subquery(), func.max(row.version))
        async with self._database.transaction() as connection:
            taken_over, newest_of_files, latest = (await connection.execute(known.where(row.city == city))).one()
            if taken_over is not None:
                if taken_over != newest_of_files:
                    # Were it put again, replicas with different files would undo each other at every start.
                    versions = {"file_version": taken_over, "newer_file_version": newest_of_files}
                    _log.warning("a city's file is an earlier one, and is left alone", extra=_of(file) | versions)
                return True
            now = self._clock.now()
            version = PolicyVersion(city, (latest or 0) + 1, now, file.text, now, note="from the city's file")
            statement = upsert(tables.city_policies).values(**policy_row(version)).on_conflict_do_nothing()
            return (await connection.execute(statement)).rowcount == 1


def _of(file: CityFile) -> dict[str, Any]:
    return {"city": file.policy.city}


def policy_row(version: PolicyVersion) -> dict[str, Any]:
    """Write a version as its row."""
    return {
        "city": version.city,
        "version": version.version,
        "effective_at": version.effective_at,
        "document": version.document,
        "made_at": version.made_at,
        "made_by": version.made_by,
        "note": version.note,
    }


async def latest_version(connection: Any, city: str) -> int:
    """Return the number of the newest version of a city's policy, in force or not; 0 where it has none."""
    row = tables.city_policies.c
    return await connection.scalar(select(func.max(row.version)).where(row.city == city)) or 0


async def add_policy(connection: Any, version: PolicyVersion) -> None:
    """Store a version in the caller's transaction."""
    await connection.execute(insert(tables.city_policies).values(**policy_row(version)))


@cache  # looked at every second or so: written once
def _in_force() -> Select[Any, Any, Any]:
    row = tables.city_policies.c
    rank = func.row_number().over(partition_by=row.city, order_by=row.version.desc()).label("rank")
    has_come = row.effective_at <= bindparam("now", type_=DateTime(timezone=True))
    come = select(row.city, row.version, rank).where(has_come).subquery()
    oldest = select(come.c.city, func.min(come.c.version).label("version")).where(come.c.rank <= 1 + _FORMER)
    since = oldest.group_by(come.c.city).subquery()
    return (
        select(row.city, row.version, row.effective_at)
        .outerjoin(since, since.c.city == row.city)
        .where(or_(since.c.version.is_(None), row.version >= since.c.version))
        .order_by(row.city, row.version)
        .limit(_MAX_EFFECTS)
    )
