"""The leases of shards, and the matchers that live, in Postgres: its clock alone says what has run out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Float, Select, Text, Uuid, and_, any_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.rows import place_from
from matching_service.adapters.shard_cells import shard_of
from matching_service.adapters.statements import is_in
from matching_service.domain.ride_states import DISPATCHED_STATES
from matching_service.use_cases.shard_ports import GainedShard, ShardsSeen

_DISPATCHED = [state.value for state in DISPATCHED_STATES]
_PLACED_AT_ONCE = 500


class PostgresShardLeases:
    """The ShardLeases of production.

    A lease whose row is locked, since an offer is being made under it, is passed over and taken with the next beat: a
    matcher that was stopped in the midst of an offer holds up its own shard alone, and no longer than the database
    lets a transaction idle.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[str] = set()

    async def look(self, matcher_id: UUID, name: str, seconds: float) -> ShardsSeen:
        given = {"matcher": matcher_id, "matcher_name": name, "seconds": seconds}
        async with self._database.connect() as connection:
            matcher_ids, shards = (await connection.execute(_look(), given)).one()
            if None in shards:
                await self._place(connection)
        return ShardsSeen(frozenset(matcher_ids), frozenset(shard for shard in shards if shard is not None))

    async def renew(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, int]:
        if not shards:
            return {}
        given = {"matcher": matcher_id, "of_shards": list(shards), "seconds": seconds}
        async with self._database.connect() as connection:
            rows = await connection.execute(_renew(), given)
            return {row.shard: row.fence for row in rows}

    async def claim(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, GainedShard]:
        if not shards:
            return {}
        lease = tables.shard_leases.c
        # One's own is vacant as well: an earlier claim whose answer was lost.
        vacant = (lease.expires_at <= func.clock_timestamp()) | (lease.owner_id == matcher_id)
        free = select(lease.shard, lease.owner_id).where(lease.shard.in_(shards), vacant)
        former = free.with_for_update(skip_locked=True).cte("former")
        taken = update(tables.shard_leases).where(lease.shard == former.c.shard)
        taken = taken.values(owner_id=matcher_id, fence=lease.fence + 1, expires_at=_in(seconds))
        async with self._database.connect() as connection:
            rows = await connection.execute(taken.returning(lease.shard, lease.fence, former.c.owner_id))
            gained = {
                shard: GainedShard(fence, taken_over=owner_id not in (None, matcher_id))
                for shard, fence, owner_id in rows
            }
            unknown = set(shards) - gained.keys() - self._known
            if unknown:
                first = [{"shard": shard, "owner_id": matcher_id, "fence": 1} for shard in sorted(unknown)]
                added = upsert(tables.shard_leases).values([{**row, "expires_at": _in(seconds)} for row in first])
                new = await connection.scalars(added.on_conflict_do_nothing().returning(lease.shard))
                gained |= dict.fromkeys(new, GainedShard(1, taken_over=False))
        self._known |= set(shards)
        return gained

    async def give_back(self, matcher_id: UUID, shards: Collection[str]) -> None:
        if not shards:
            return
        async with self._database.connect() as connection:
            await connection.execute(_vacate(matcher_id).where(tables.shard_leases.c.shard.in_(shards)))

    async def leave(self, matcher_id: UUID) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(tables.matchers).where(tables.matchers.c.id == matcher_id))
            await connection.execute(_vacate(matcher_id))

    async def _place(self, connection: AsyncConnection) -> None:
        """Find the shards of rides that a replica of the release before asked for."""
        ride = tables.rides.c
        lost = select(tables.rides).where(ride.state.in_(_DISPATCHED), ride.shard.is_(None)).limit(_PLACED_AT_ONCE)
        rows = (await connection.execute(lost)).mappings().all()
        found = [{"ride_id": row["id"], "in_shard": shard_of(place_from(row, "pickup").point)} for row in rows]
        placed = update(tables.rides).where(ride.id == bindparam("ride_id"), ride.shard.is_(None))
        await connection.execute(placed.values(shard=bindparam("in_shard")), found)


# Both are asked with each beat: written once.
@cache
def _look() -> Select[Any, Any]:
    matcher, ride = tables.matchers.c, tables.rides.c
    until = _in(bindparam("seconds", type_=Float(53)))
    mine = upsert(tables.matchers).values(id=bindparam("matcher"), name=bindparam("matcher_name"), expires_at=until)
    mine = mine.on_conflict_do_update(index_elements=["id"], set_={"expires_at": mine.excluded.expires_at})
    living = func.array(select(matcher.id).where(matcher.expires_at > func.clock_timestamp()).scalar_subquery())
    busy = select(ride.shard).where(is_in(DISPATCHED_STATES)).distinct().scalar_subquery()
    return select(_array(living, Uuid()), _array(func.array(busy), Text())).add_cte(mine.cte("beat"))


@cache
def _renew() -> Any:
    lease = tables.shard_leases.c
    theirs = lease.shard == any_(bindparam("of_shards", type_=ARRAY(Text)))
    mine = and_(lease.owner_id == bindparam("matcher"), theirs, lease.expires_at > func.clock_timestamp())
    renewed = update(tables.shard_leases).where(mine).values(expires_at=_in(bindparam("seconds", type_=Float(53))))
    return renewed.returning(lease.shard, lease.fence)


def _vacate(matcher_id: UUID) -> Any:
    leases = tables.shard_leases
    return (
        update(leases).where(leases.c.owner_id == matcher_id).values(owner_id=None, expires_at=func.clock_timestamp())
    )


def _in(seconds: Any) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _array(expression: Any, item: Any) -> Any:
    return expression.cast(ARRAY(item))
