"""The sandbox's durable state: one SQLite file (WAL), written by one thread, one transaction at a time.

`synchronous=NORMAL` survives the death of the process, which is what is imitated here; it is not a bank's ledger. One
writer makes "the effect and the stored answer are one transaction" true without a lock anywhere else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from jitney.sandbox.schema import CALLS, POSTS, SCHEMA, SCHEMA_VERSION

T = TypeVar("T")

_FILE_NAME = "sandbox.sqlite3"
_LOCK_SECONDS = 2.0


class StoreUnusable(Exception):
    """The file of the store cannot be used, in plain words."""


class Store:
    """Runs pieces of work on the sandbox's database, each in a transaction of its own, in the order they came."""

    def __init__(self, data: Path) -> None:
        """Open, and make when new, the database in the folder `data`.

        Raises:
            StoreUnusable: another sandbox uses it, or it was made by another version.
        """
        data.mkdir(parents=True, exist_ok=True)
        self._connection = _open(data / _FILE_NAME)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-store")

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction: committed when it returns, undone when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.run_here, work)

    def run_here(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the same on the calling thread: for the start of the process, before anything else uses the store."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return result

    def close(self) -> None:
        """Finish the work that was handed in, then close the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_LOCK_SECONDS)
    connection.row_factory = sqlite3.Row
    try:
        # What is held in memory (the rules, the clock) must be the only word on what is in the file.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = 2; COMMIT;")
            version = 2
        if version == 2:
            connection.executescript(f"BEGIN IMMEDIATE; {POSTS} PRAGMA user_version = 3; COMMIT;")
            version = 3
        if version == 3:
            connection.executescript(f"BEGIN IMMEDIATE; {CALLS} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            version = SCHEMA_VERSION
    except sqlite3.OperationalError as error:
        connection.close()
        raise StoreUnusable(f"{path}: {error} (another sandbox may be using it)") from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise StoreUnusable(f"{path} was made by another version of the sandbox: remove it, it holds imitations only")
    return connection
