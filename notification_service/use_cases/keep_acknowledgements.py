"""Keep what apps acknowledge on their live streams: what they saw, so that no SMS follows, and where they go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from notification_service.domain.seen import Follower, Position, Seen
from notification_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Unavailable

_MOST_AT_ONCE = 500
Kept = Callable[[Position], None]


class KeptPositions(Protocol):
    """Where each follower's acknowledged place is kept."""

    async def keep(self, positions: Mapping[Follower, Position]) -> None:
        """Keep places for as long as streams are kept. Raises Unavailable `streams_unavailable`."""
        ...


class LivePositions(KeptPositions, Protocol):
    """Up to where each follower has acknowledged its live stream."""

    async def of(self, follower: Follower) -> Position | None:
        """Return the place; None where none is known. Raises Unavailable `streams_unavailable`."""
        ...

    async def seen_between(self, follower: Follower, after: Position | None, until: Position) -> Seen:
        """Return what a follower has seen who names a later place than is known: the last hundred at most."""
        ...


class KeepAcknowledgements:
    """Gathers the acknowledgements of all streams of this process and writes them together.

    The notifications come first: a place that is not kept means that events come twice, one that was kept too early
    that an SMS follows what was seen. At most `most_waiting` notifications wait.
    """

    def __init__(self, store: Store, positions: KeptPositions, clock: Clock, most_waiting: int = 20_000) -> None:
        self._store = store
        self._positions = positions
        self._clock = clock
        self._most_waiting = most_waiting
        self._waiting: dict[Follower, tuple[Seen, Kept]] = {}
        self._count = 0

    def note(self, follower: Follower, seen: Seen, kept: Kept) -> None:
        """Take an acknowledgement to be written with the next ones; `kept` is called with its place after that.

        Raises:
            Unavailable: `streams_unavailable`, nothing could be written for long, and too many wait.
        """
        if self._count + len(seen.notification_ids) >= self._most_waiting:
            raise Unavailable("streams_unavailable", "acknowledgements cannot be taken just now", retry_after_seconds=5)
        self._put(follower, seen, kept)

    async def write(self) -> None:
        """Write what waits. Raises a DomainError where a store does not answer; what was not written waits on."""
        while self._waiting:
            batch = self._next_batch()
            pairs = [(follower.account_id, each) for follower, seen, _ in batch for each in seen.notification_ids]
            try:
                if pairs:
                    async with self._store.transaction() as transaction:
                        await transaction.acknowledge_all(pairs, self._clock.now())
                await self._positions.keep({follower: seen.position for follower, seen, _ in batch})
            except BaseException:
                for follower, seen, kept in batch:
                    self._put(follower, seen, kept)
                raise
            for _, seen, kept in batch:
                kept(seen.position)

    def _put(self, follower: Follower, seen: Seen, kept: Kept) -> None:
        waiting = self._waiting.get(follower)
        if waiting is not None:
            self._count -= len(waiting[0].notification_ids)
            seen = waiting[0].and_then(seen)
        self._count += len(seen.notification_ids)
        self._waiting[follower] = seen, kept

    def _next_batch(self) -> list[tuple[Follower, Seen, Kept]]:
        batch: list[tuple[Follower, Seen, Kept]] = []
        size = 0
        while self._waiting and size < _MOST_AT_ONCE:
            follower = next(iter(self._waiting))
            seen, kept = self._waiting.pop(follower)
            self._count -= len(seen.notification_ids)
            size += 1 + len(seen.notification_ids)
            batch.append((follower, seen, kept))
        return batch
