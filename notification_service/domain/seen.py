"""What an app has shown to have: acknowledgements on a live stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

Position = tuple[int, int]
"""A place in a live stream: the id of the entry it is after. They only ever grow."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows a live stream: an account by one of its sign-ins, that is, on one of its devices."""

    account_id: UUID
    sign_in: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to where a follower has acknowledged its stream, and which notifications that were."""

    position: Position
    notification_ids: frozenset[UUID] = frozenset()

    def and_then(self, later: Seen) -> Seen:
        """Return both in one."""
        return Seen(max(self.position, later.position), self.notification_ids | later.notification_ids)


def notification_ids_of(texts: Iterable[str]) -> frozenset[UUID]:
    """Read the ids that entries of a stream carry; what is none names no notification."""
    found: set[UUID] = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return frozenset(found)
