"""Which matcher dispatches which shard: rendezvous hashing, so that one who comes or goes moves only its own share."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b
from uuid import UUID


def preferred_owner(shard: str, matcher_ids: Collection[UUID]) -> UUID | None:
    """Return the matcher with the highest weight for a shard; None when there is no matcher.

    Every matcher that knows of the same matchers finds the same one, and without one of them only its own shards move
    (Thaler and Ravishankar 1998, highest random weight).
    """
    return max(matcher_ids, key=lambda matcher_id: (_weight(shard, matcher_id), matcher_id), default=None)


def _weight(shard: str, matcher_id: UUID) -> bytes:
    return blake2b(shard.encode(), digest_size=8, key=matcher_id.bytes).digest()
