"""A read replica beside a service's database: for reads that may be some seconds late, and never in the way of others.

How late a replica is, it tells by itself: the time of the last transaction that it has replayed. A primary that commits
something all the time, as one with heartbeats does, moves that time on, so that a replica which lost its primary is
found out too. While it is late or away, the primary is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter
from sqlalchemy import text

from chassis.database import Database
from shared_kernel.errors import Unavailable

_log = logging.getLogger(__name__)

REPLICA_READS = Counter(
    "database_replica_reads_total", "Reads that a replica may answer, by who did", ["database", "answered_by"]
)
MOST_LAG_SECONDS = 10.0
_LOOK_SECONDS = 2.0
# A server that is no replica (any more) is not late.
_LAG = text(
    "SELECT CASE WHEN pg_is_in_recovery() "
    "THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 ELSE 0 END"
)

T = TypeVar("T")


class Replica:
    """A database that follows a service's own."""

    def __init__(
        self, database: Database, monotonic: Callable[[], float], most_lag_seconds: float = MOST_LAG_SECONDS
    ) -> None:
        """`database` is the replica's; `monotonic` tells seconds. One that is later than `most_lag_seconds` rests."""
        self.database = database
        self._most_lag_seconds = most_lag_seconds
        self._monotonic = monotonic
        self._serves = False
        self._look_at = -1.0

    async def read(self, on_replica: Callable[[], Awaitable[T]], on_primary: Callable[[], Awaitable[T]]) -> T:
        """Return what the replica answers, or the primary where that is late, away, or breaks the read off."""
        if await self._is_fresh():
            try:
                answer = await on_replica()
            except Unavailable as error:
                self._note(serves=False, why=error.reason)
            else:
                REPLICA_READS.labels(self.database.name, "replica").inc()
                return answer
        REPLICA_READS.labels(self.database.name, "primary").inc()
        return await on_primary()

    async def _is_fresh(self) -> bool:
        if self._monotonic() >= self._look_at:
            # Said first: while one looks, the others go by what was known.
            self._look_at = self._monotonic() + _LOOK_SECONDS
            try:
                async with self.database.connect() as connection:
                    lag = await connection.scalar(_LAG)
            except Unavailable as error:
                self._note(serves=False, why=error.reason)
            else:
                self._note(serves=lag is not None and lag <= self._most_lag_seconds, why=f"{lag} s late")
        return self._serves

    def _note(self, *, serves: bool, why: str) -> None:
        if self._serves and not serves:
            _log.warning("the replica is not asked", extra={"database": self.database.name, "cause": why})
        self._serves = serves
