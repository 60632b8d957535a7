"""Ids of drivers, from the sixteen bytes that Redis holds: the same object each time.

A tick looks thousands of ids up in tables of what is known of drivers. To be hashed, an id makes a number of itself,
which costs more than all else that is done with it; it remembers the hash, so an id that is made once is hashed once.
The class is that of the database's driver, which compares in a third of the time.
"""

from __future__ import annotations

from asyncpg.pgproto.pgproto import UUID

_MOST_KEPT = 100_000
"""More than the drivers of the largest city at once; about 20 MB where all are there."""


class _Ids(dict[bytes, UUID]):
    def __missing__(self, packed: bytes) -> UUID:
        if len(self) >= _MOST_KEPT:
            self.clear()
        return self.setdefault(packed, UUID(packed))


driver_id_from = _Ids().__getitem__
"""Returns the id with these sixteen bytes."""
