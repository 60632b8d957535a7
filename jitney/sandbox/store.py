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

T = TypeVar("T")

_FILE_NAME = "sandbox.sqlite3"
_SCHEMA_VERSION = 1
_LOCK_SECONDS = 2.0
_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Every object of the processor, as its API shows it. `private` holds what the API never shows (how a test card
-- behaves).
CREATE TABLE object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    customer TEXT,
    parent TEXT,
    type TEXT,
    due_at INTEGER,
    private TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX object_by_kind ON object (kind, seq);
CREATE INDEX object_by_customer ON object (kind, customer, seq) WHERE customer IS NOT NULL;
CREATE INDEX object_by_parent ON object (kind, parent, seq) WHERE parent IS NOT NULL;
CREATE INDEX object_due ON object (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE metadata (
    object_seq INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (object_seq, key)
) STRICT;
CREATE INDEX metadata_by_value ON metadata (key, value, object_seq);

-- The oracle: money as it moved, kept apart from the objects above. Only movements are written; the triggers add them
-- up, and the checks stop a sandbox that would let more be captured than was held, or more refunded than was captured.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_intent TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    authorized_minor INTEGER NOT NULL DEFAULT 0,
    captured_minor INTEGER NOT NULL DEFAULT 0,
    released_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    CHECK (captured_minor + released_minor <= authorized_minor),
    CHECK (refunded_minor <= captured_minor)
) STRICT;
CREATE TABLE movement (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_intent TEXT NOT NULL REFERENCES ledger (payment_intent),
    kind TEXT NOT NULL CHECK (kind IN ('authorize', 'capture', 'release', 'refund')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX movement_by_intent ON movement (payment_intent, kind);
CREATE TRIGGER movement_counts AFTER INSERT ON movement BEGIN
    UPDATE ledger SET
        authorized_minor = authorized_minor + iif(NEW.kind = 'authorize', NEW.amount_minor, 0),
        captured_minor = captured_minor + iif(NEW.kind = 'capture', NEW.amount_minor, 0),
        released_minor = released_minor + iif(NEW.kind = 'release', NEW.amount_minor, 0),
        refunded_minor = refunded_minor + iif(NEW.kind = 'refund', NEW.amount_minor, 0)
    WHERE payment_intent = NEW.payment_intent;
END;
CREATE TRIGGER movement_is_final BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'a movement is never edited'); END;
CREATE TRIGGER movement_stays BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'a movement is never deleted'); END;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created);

CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;
CREATE INDEX message_by_recipient ON message (recipient, seq);
CREATE INDEX message_by_age ON message (created);

CREATE TABLE fault (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    rule TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    fired INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('event', 'sms_status')),
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    badly_signed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX delivery_due ON delivery (due_at);
"""


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
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")
            version = _SCHEMA_VERSION
    except sqlite3.OperationalError as error:
        connection.close()
        raise StoreUnusable(f"{path}: {error} (another sandbox may be using it)") from error
    if version != _SCHEMA_VERSION:
        connection.close()
        raise StoreUnusable(f"{path} was made by another version of the sandbox: remove it, it holds imitations only")
    return connection
