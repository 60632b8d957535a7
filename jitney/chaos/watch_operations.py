"""Watches how long it stays unknown what became of an operation at the PSP.

The row of an operation tells how it stands, not since when: it is tried again, and then it is on its way once more. A
trigger in payment's database notes when an operation's outcome became unknown for the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from statistics import fmean
from typing import Protocol

import asyncpg

from jitney.distribution import percentile

_WATCH = """
    CREATE SCHEMA chaos;
    CREATE TABLE chaos.unknown (operation_id uuid PRIMARY KEY, since timestamptz NOT NULL);

    CREATE FUNCTION chaos.note_unknown() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO chaos.unknown VALUES (NEW.id, clock_timestamp()) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE TRIGGER chaos_note_unknown AFTER UPDATE ON public.psp_operation
        FOR EACH ROW WHEN (NEW.state = 'unknown' AND OLD.state <> 'unknown')
        EXECUTE FUNCTION chaos.note_unknown();
"""
_RESOLVED = """
    SELECT greatest(0, extract(epoch FROM finished_at - since))::float8 AS seconds
    FROM chaos.unknown JOIN public.psp_operation ON id = operation_id
    WHERE finished_at IS NOT NULL ORDER BY seconds
"""


class Databases(Protocol):
    """Leads to the services' databases; the ground of an attack does."""

    def database(self, service: str) -> AbstractAsyncContextManager[asyncpg.Connection]: ...


async def watch_operations(databases: Databases) -> None:
    """Begin to watch."""
    async with databases.database("payment") as connection:
        await connection.execute(_WATCH)


async def resolved_seconds(databases: Databases) -> list[float]:
    """Return, ascending, how long each outcome that was unknown and is known now was so."""
    async with databases.database("payment") as connection:
        return [float(row["seconds"]) for row in await connection.fetch(_RESOLVED)]


def told_of(seconds: Sequence[float]) -> str:
    """Describe how long outcomes were unknown."""
    if not seconds:
        return "none was unknown"
    return (
        f"{len(seconds)} were unknown, and known after mean {fmean(seconds):.1f} s, "
        f"p50 {percentile(seconds, 0.5):.1f} s, slowest {max(seconds):.1f} s"
    )
