"""What will happen by itself, at a time of the sandbox's clock: written in the transaction that makes it so."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class TaskKind(StrEnum):
    """What can happen by itself."""

    HOLD_EXPIRES = "hold_expires"
    CAPTURE_SETTLES = "capture_settles"
    """A capture that was answered `processing` is done; `data` is the amount."""
    CAPTURE_FAILS = "capture_fails"
    CHARGE_SETTLES = "charge_settles"
    """A charge captured asynchronously reaches the balance."""
    REFUND_SUCCEEDS = "refund_succeeds"
    REFUND_FAILS = "refund_fails"
    """`data` is the reason."""
    DISPUTE_OPENS = "dispute_opens"
    """`data` is how."""
    DISPUTE_DECIDED = "dispute_decided"
    """`data` is the evidence."""
    DISPUTE_LAPSES = "dispute_lapses"
    """Nobody answered in time."""
    PAYOUT_LEAVES = "payout_leaves"
    PAYOUT_ARRIVES = "payout_arrives"
    PAYOUT_FAILS = "payout_fails"
    """`data` is the failure's code. A payout that has arrived already is returned."""
    SETTLE = "settle"
    """The platform's available balance is paid out to its bank."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to come. `due_at` is in Unix seconds of the sandbox's clock."""

    kind: TaskKind
    subject: str
    account: str
    data: str
    due_at: float


def schedule(connection: sqlite3.Connection, task: Task) -> None:
    """Let it happen."""
    connection.execute(
        "INSERT INTO task (kind, subject, account, data, due_at) VALUES (?, ?, ?, ?, ?)",
        (task.kind, task.subject, task.account, task.data, task.due_at),
    )


def unschedule(connection: sqlite3.Connection, subject: str) -> None:
    """Let nothing happen to this object by itself any more."""
    connection.execute("DELETE FROM task WHERE subject = ?", (subject,))


def take_due(connection: sqlite3.Connection, now: float) -> Task | None:
    """Take out the first task whose time has come."""
    row = connection.execute("SELECT * FROM task WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1", (now,)).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM task WHERE seq = ?", (row["seq"],))
    return Task(TaskKind(row["kind"]), row["subject"], row["account"], row["data"], row["due_at"])


def next_due(connection: sqlite3.Connection) -> float | None:
    """Tell when the next task is due; None: there is none."""
    return connection.execute("SELECT min(due_at) AS due_at FROM task").fetchone()["due_at"]


def is_scheduled(connection: sqlite3.Connection, kind: TaskKind) -> bool:
    """Tell whether a task of this kind is to come."""
    return connection.execute("SELECT 1 FROM task WHERE kind = ?", (kind,)).fetchone() is not None
