"""Which shards this matcher dispatches: it shows that it lives, takes what is its share, and gives back the rest.

A beat a second; a lease runs out four beats after the last one that renewed it, by the database's clock. So a matcher
that dies is replaced within five seconds, and one that leaves in good order within one. One that was stopped and wakes
up finds its leases taken: the fence it still holds opens no offer, since the transaction of the offer asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.shards import preferred_owner
from matching_service.use_cases.shard_ports import ShardLeases

BEAT_SECONDS = 1.0
LEASE_SECONDS = 4.0
IDLE_BEATS = 60
"""A shard is kept so long after its last ride, so that its next one need not wait for a lease."""


@dataclass(slots=True)
class BeatReport:
    """What a beat changed, for metrics and the log."""

    owned: int = 0
    matchers: int = 0
    gained: int = 0
    taken_over: int = 0
    """Of those gained: the ones whose owner had let them run out."""
    lost: int = 0
    handed_over: int = 0


class KeepShards:
    """The use case, one a matcher; it remembers what it holds."""

    def __init__(
        self, leases: ShardLeases, monotonic: Callable[[], float], matcher_id: UUID, matcher_name: str
    ) -> None:
        """Make it. `matcher_id` is new with each life of a process, so that none takes up a former life's leases."""
        self._leases = leases
        self._monotonic = monotonic
        self._id = matcher_id
        self._name = matcher_name
        self._fences: dict[str, int] = {}
        self._idle_beats: dict[str, int] = {}
        self._good_until = float("-inf")
        self._matcher_ids: frozenset[UUID] = frozenset()

    def held(self) -> Mapping[str, int]:
        """Return the fence of each shard that is surely this matcher's now."""
        return dict(self._fences) if self._monotonic() < self._good_until else {}

    def has_chore(self, name: str) -> bool:
        """Tell whether a chore that one matcher is enough for is this one's."""
        return self._monotonic() < self._good_until and preferred_owner(name, self._matcher_ids) == self._id

    async def beat(self) -> BeatReport:
        """Renew, take, hand over. Raises Unavailable, and then the leases run on until their end."""
        began, before = self._monotonic(), self._fences
        seen = await self._leases.look(self._id, self._name, LEASE_SECONDS)
        self._matcher_ids = seen.matcher_ids | {self._id}
        idle = {shard: beats + 1 for shard, beats in self._idle_beats.items() if beats < IDLE_BEATS}
        self._idle_beats = idle | dict.fromkeys(seen.busy_shards, 0)
        mine = {shard for shard in self._idle_beats if preferred_owner(shard, self._matcher_ids) == self._id}
        handed_over = before.keys() - mine
        renewed = await self._leases.renew(self._id, before.keys() & mine, LEASE_SECONDS)
        gained = await self._leases.claim(self._id, mine - renewed.keys(), LEASE_SECONDS)
        await self._leases.give_back(self._id, handed_over)
        self._fences = {**renewed, **{shard: each.fence for shard, each in gained.items()}}
        self._good_until = began + LEASE_SECONDS
        return BeatReport(
            owned=len(self._fences),
            matchers=len(self._matcher_ids),
            gained=len(gained),
            taken_over=sum(each.taken_over for each in gained.values()),
            lost=len((before.keys() & mine) - renewed.keys()),
            handed_over=len(handed_over),
        )

    async def leave(self) -> None:
        """Give everything back; the others take it with their next beat."""
        self._fences, self._good_until = {}, float("-inf")
        await self._leases.leave(self._id)
