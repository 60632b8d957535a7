"""What sharing the city out among several matchers needs: leases with a fence, and who else lives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ShardsSeen:
    """The matchers that live, this one included, and the shards that have rides for dispatch to do something about."""

    matcher_ids: frozenset[UUID]
    busy_shards: frozenset[str]


@dataclass(frozen=True, slots=True)
class GainedShard:
    """A lease that was taken. `taken_over`: another matcher had let it run out."""

    fence: int
    taken_over: bool


class ShardLeases(Protocol):
    """Who dispatches which shard. The store's own clock judges what has run out."""

    async def look(self, matcher_id: UUID, name: str, seconds: float) -> ShardsSeen:
        """Show that this matcher lives for so long, and look around."""
        ...

    async def renew(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, int]:
        """Renew leases that have not run out; return the fences of those that could be."""
        ...

    async def claim(self, matcher_id: UUID, shards: Collection[str], seconds: float) -> Mapping[str, GainedShard]:
        """Take the leases among these that are vacant. Each gets a fence above all that its shard had before."""
        ...

    async def give_back(self, matcher_id: UUID, shards: Collection[str]) -> None:
        """Make these leases of the matcher vacant."""
        ...

    async def leave(self, matcher_id: UUID) -> None:
        """Make all leases of the matcher vacant, and let it no longer be known to live."""
        ...
