"""Ids of drivers, from the sixteen bytes that the stores hold: the same object each time.

A tick reads each driver's id from Redis and from PostgreSQL and looks tens of thousands of them up. To be hashed, an id
makes a number of itself, which costs more than all else that is done with it; it remembers the hash, so an id that is
made once is hashed once. The class is that of the database's driver, which compares in a third of the time.
"""

from __future__ import annotations

from asyncpg.pgproto.pgproto import UUID

_MOST_KEPT = 100_000
"""More than the drivers of the largest city at once; about 20 MB where all are there."""
_PACKED = "V16"


class _Ids(dict[bytes, UUID]):
    def __missing__(self, packed: bytes) -> UUID:
        if len(self) >= _MOST_KEPT:
            self.clear()
        return self.setdefault(packed, UUID(packed))


driver_id_from = _Ids().__getitem__
"""Returns the id with these sixteen bytes."""


def driver_ids_from(packed: bytes) -> list[UUID]:
    """Return the ids whose bytes stand one after another."""
    import numpy as np  # noqa: PLC0415 (as where locations are unpacked: only who reads tens of thousands needs it)

    return list(map(driver_id_from, np.frombuffer(packed, _PACKED).tolist()))
