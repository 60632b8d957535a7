"""The sandbox's clock: the machine's own, plus what `/_sim/clock` has added. Forward only, and durable."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from shared_kernel.clock import Clock

MAX_ADVANCE_SECONDS = 366 * 24 * 3600


class SandboxClock:
    """Tells the sandbox's time."""

    def __init__(self, machine: Clock, offset_seconds: float = 0.0) -> None:
        self.machine = machine
        self._offset_seconds = offset_seconds

    @property
    def offset_seconds(self) -> float:
        """How far ahead of the machine's clock it is."""
        return self._offset_seconds

    def now(self) -> datetime:
        return self.machine.now() + timedelta(seconds=self._offset_seconds)

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up the offset that was stored."""
        row = connection.execute("SELECT value FROM setting WHERE name = 'clock_offset_seconds'").fetchone()
        self._offset_seconds = float(row["value"]) if row else 0.0

    def advance(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Go forward, durably."""
        offset_seconds = self._offset_seconds + seconds
        connection.execute(
            "INSERT OR REPLACE INTO setting (name, value) VALUES ('clock_offset_seconds', ?)",
            (repr(offset_seconds),),
        )
        self._offset_seconds = offset_seconds
